// The resource files of one `gateway run`, read at the start and at every reload.

import { lintGateway } from "../gateway/lint/index.ts";
import { loadGateway } from "../gateway/load.ts";
import type { GatewayModel } from "../gateway/model.ts";
import { formatProblem, type Problem } from "../gateway/resources/problems.ts";
import { createSimulation } from "../gateway/simulation.ts";
import { ConfigurationRejected } from "../host/types.ts";
import { withBuiltModules } from "./modules.ts";

/** The files cannot be used; every line says where and why. */
export class UnusableResources extends Error {
  readonly lines: string[];
  constructor(lines: string[]) {
    super(lines.join("\n"));
    this.name = "UnusableResources";
    this.lines = lines;
  }
}

export interface ReadResources {
  /** Ready to serve: modules built, simulated services led to the simulator. */
  model: GatewayModel;
  /** Files to watch: resources and modules. */
  files: string[];
  /** What a person may try, `{{url}}` for the gateway's address. */
  hints: string[];
}

export class Resources {
  #paths: string[];
  #pull: boolean;
  #log: (level: "info" | "warn", message: string) => void;
  #simulation = createSimulation();

  /** `pull`: images of our own plugins too. */
  constructor(
    paths: string[],
    log: (level: "info" | "warn", message: string) => void,
    { pull = false }: { pull?: boolean } = {},
  ) {
    this.#pull = pull;
    this.#paths = paths;
    this.#log = log;
  }

  /** Rejects with `UnusableResources`. What can be lived with is logged. */
  async read(): Promise<ReadResources> {
    const gateway = await loadGateway(this.#paths, {
      pull: this.#pull,
      onPull: (reference) => this.#log("info", `pulling ${reference}`),
    });
    if (!gateway.problems.hasFatal) lintGateway(gateway);
    const problems = gateway.problems.sorted();
    if (gateway.problems.hasFatal) throw new UnusableResources(problems.map(formatProblem));
    for (const problem of problems) this.#log("warn", formatProblem(asWarning(problem)));
    for (const { kind, name, position } of gateway.model.ignored) {
      this.#log("info", `${position.file}:${position.line}: ignored: ${kind} ${name}`);
    }
    const built = await this.#build(gateway.model);
    const model = await this.#simulation.apply(built);
    // Our own are built from sources, which are watched instead.
    const foreign = model.plugins.filter(({ plugin }) => plugin === undefined);
    const modules = foreign.flatMap((plugin) => Object.values(plugin.modules));
    return { model, files: [...new Set([...gateway.files, ...modules])], hints: gateway.hints };
  }

  async close(): Promise<void> {
    await this.#simulation.close();
  }

  async #build(model: GatewayModel): Promise<GatewayModel> {
    try {
      return await withBuiltModules(model, this.#log);
    } catch (error) {
      throw new UnusableResources([(error as Error).message]);
    }
  }
}

/** A start with a mistake that is no obstacle only warns of it. */
function asWarning(problem: Problem): Problem {
  return { ...problem, severity: "warning" };
}

/** Why a model could not be served, with the place of the resource where it is known. */
export function describeRejection(error: unknown, model: GatewayModel): string[] {
  if (error instanceof UnusableResources) return error.lines;
  const { message } = error as Error;
  if (!(error instanceof ConfigurationRejected)) return message.split("\n");
  const plugin = model.plugins.find(({ name }) => name === error.plugin);
  if (!plugin) return [message];
  const { file, line } = plugin.position;
  return [`${file}:${line}: error: plugin ${plugin.name} refuses its configuration: ${message}`];
}
