// `gateway bench`: what modules cost, side by side in one run.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../scripts/compile.mjs";
import { toMarkdown } from "../bench/report.ts";
import { envoyTable } from "../bench/envoy.ts";
import { bench as measure, benchOnEnvoy } from "../bench/run.ts";
import { UsageError, word, type Command } from "./command-line.ts";

export const bench: Command = {
  summary: "measures modules side by side",
  help: `Usage: gateway bench [MODULE.wasm] [--against OTHER.wasm]… [--config FILE.json] [--envoy]
                     [--format table|json]

Size, compile time, memory pages, time per request at several body sizes and per streamed event, each as a ratio to
a yardstick plugin that makes the same host calls and decides nothing; and the guest's JSON scanner against
JSON.parse. All contenders take turns in one run: times move with the machine, ratios hardly.

With --envoy: requests/s of a real Envoy with one worker beside no filter, time until it serves, memory. wrk makes the
load. A Go plugin of Higress is given an ABI version that stock Envoy knows.

MODULE is ai-proxy's build for Higress by default, with --envoy that for Envoy. --config is the plugin configuration for all modules; without it
ai-proxy rewrites \`model\`, and translates for Claude.
`,
  options: {
    against: { type: "string", multiple: true },
    config: { type: "string" },
    envoy: { type: "boolean" },
    format: { type: "string" },
  },
  async run(values, paths) {
    const format = word(values, "format", ["table", "json"]) ?? "table";
    if (paths.length > 1) throw new UsageError("expected one module; name others with --against");
    const against = (values["against"] ?? []) as unknown as string[];
    const onEnvoy = values["envoy"] === true;
    const module = paths[0] ?? (await builtAiProxy(onEnvoy ? "envoy" : "higress"));
    for (const path of [module, ...against]) if (!existsSync(path)) throw new UsageError(`no file ${path}`);
    const config = values["config"] as string | undefined;
    const configuration =
      config === undefined ? undefined : (JSON.parse(await readFile(config, "utf8")) as object);
    const options = { module, against, ...(configuration && { configuration }) };
    if (onEnvoy) {
      const figures = await benchOnEnvoy(options);
      process.stdout.write(`${format === "json" ? JSON.stringify(figures, null, 2) : envoyTable(figures)}\n`);
      return 0;
    }
    const report = await measure(options);
    process.stdout.write(`${format === "json" ? JSON.stringify(report, null, 2) : toMarkdown(report)}\n`);
    return 0;
  },
};

async function builtAiProxy(target: string): Promise<string> {
  await promisify(execFile)(process.execPath, [join(root, "scripts", "build.mjs"), "ai-proxy"], {
    cwd: root,
  });
  const own = join(root, "dist", `ai-proxy.${target}.wasm`);
  return existsSync(own) ? own : join(root, "dist", "ai-proxy.wasm");
}
