// examples/envoy: the bootstrap as it stands is one that a real Envoy takes, and it serves.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { Admin, waitFor } from "../../envoy/admin.ts";
import { findEnvoy } from "../../envoy/binary.ts";
import { EnvoyProcess } from "../../envoy/process.ts";
import { builtModules, repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { startSimulator, type Simulator } from "../../services/simulator/index.ts";
import { execute } from "../images/docker-registry.ts";
import { Agent, startBooks, type Books } from "./agents.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const envoy = await findEnvoy();

interface Cluster {
  name: string;
  type: string;
  load_assignment: {
    endpoints: {
      lb_endpoints: { endpoint: { address: { socket_address: { address: string; port_value: number } } } }[];
    }[];
  };
  transport_socket?: object;
}

interface Bootstrap {
  admin: { address: { socket_address: { port_value: number } } };
  static_resources: {
    listeners: { address: { socket_address: { port_value: number } } }[];
    clusters: Cluster[];
  };
}

/** The file with this run's modules. */
async function exampleText(): Promise<string> {
  const text = await readFile(join(root, "examples/envoy/envoy.yaml"), "utf8");
  return text.replaceAll(/dist\/([a-z-]+)\.envoy\.wasm/g, (_, name: string) => {
    return builtModules(name, repositoryFolders).envoy;
  });
}

describe.skipIf(envoy === null)("the bootstrap for a stock Envoy", () => {
  test("is valid as it stands", async () => {
    const folder = await EnvoyProcess.makeFolder();
    const file = join(folder, "envoy.yaml");
    await writeFile(file, await exampleText());
    const { stderr, stdout } = await execute(envoy!, [
      ...["--mode", "validate", "-c", file, "-l", "error", "--disable-hot-restart"],
    ]);
    expect(stdout + stderr).toContain("OK");
  });

  describe("serving", () => {
    let books: Books;
    let simulator: Simulator;
    let process: EnvoyProcess;
    let agent: Agent;
    beforeAll(async () => {
      books = await startBooks();
      simulator = await startSimulator();
      const bootstrap = parse(await exampleText()) as Bootstrap;
      const { listeners, clusters } = bootstrap.static_resources;
      const ports = [simulator.port("openai"), simulator.port("anthropic"), books.port];
      bootstrap.admin.address.socket_address.port_value = 0;
      listeners[0]!.address.socket_address.port_value = 0;
      clusters.forEach((cluster, index) => lead(cluster, ports[index]!));
      const folder = await EnvoyProcess.makeFolder();
      await writeFile(join(folder, "envoy.yaml"), stringify(bootstrap));
      const args = ["-c", "envoy.yaml", "--admin-address-path", "admin", "--concurrency", "1", "-l", "warn"];
      process = EnvoyProcess.start(envoy!, folder, args);
      agent = new Agent(`http://127.0.0.1:${await listenerPort(process)}`);
    });
    afterAll(async () => {
      await process.stop();
      await simulator.close();
      books.close();
    });

    test("an agent speaks to models in two dialects, and another provider answers for one that fails", () =>
      agent.usesModels());

    test("an agent calls REST operations as tools, until its limit refuses it in the protocol's words", () =>
      agent.usesTools());
  });
});

/** The cluster to a port of this machine, in cleartext. */
function lead(cluster: Cluster, port: number): void {
  cluster.type = "STATIC";
  delete cluster.transport_socket;
  cluster.load_assignment.endpoints[0]!.lb_endpoints[0]!.endpoint.address.socket_address = {
    address: "127.0.0.1",
    port_value: port,
  };
}

async function listenerPort(process: EnvoyProcess): Promise<number> {
  const port = await waitFor(async () => {
    if (process.hasEnded) return 0;
    const address = await process.file("admin");
    if (address === undefined) return undefined;
    const admin = new Admin(Number(address.slice(address.lastIndexOf(":") + 1)));
    return (await admin.isReady()) ? admin.listenerPort("agents") : undefined;
  }, 60_000);
  if (!port) throw new Error(process.logs.map(({ message }) => message).join("\n"));
  return port;
}
