// The AssemblyScript compiler with a runtime of our own: `minimal` allocates and collects as shared/runtime says. The
// compiler takes a runtime by path too, but then builds for its incremental collector, with a shadow stack.
//
// Of what the host calls (shared/abi/exports.ts), the build for stock Envoy keeps what the module does something with:
// each callback costs Envoy about 2,000 instructions per exchange, whatever the module does in it.
//
// Takes the arguments of `asc`.

import { readFile } from "node:fs/promises";
import { libraryFiles, main } from "assemblyscript/asc";
import { references } from "./references.mjs";

const collector = await readFile(new URL("../shared/runtime/collector.ts", import.meta.url), "utf8");
libraryFiles["rt/index-minimal"] = 'import "./tlsf"; import "./collector";';
// Written without the decorators, which no other tool can parse in front of a function.
libraryFiles["rt/collector"] = collector.replaceAll(
  "\nexport function",
  "\n@global @unsafe\nexport function",
);

/** Of a plugin that is told of the end of an exchange: the method by which its override is found. */
const logged = ["~lib/as-proxy-wasm-sdk", "shared"].map(
  (root) => `${root}/sdk/stream/AnyStream#onLog@override`,
);

const unheard = {
  /** @param {{ getFunction(name: string): number, removeExport(name: string): void }} module */
  afterCompile(module) {
    // Envoy deletes a context as soon as it is done, and the SDK then does what is done.
    module.removeExport("proxy_on_done");
    if (!logged.some((name) => module.getFunction(name))) module.removeExport("proxy_on_log");
  },
};

const options = process.argv.slice(2);
// Higress's own test host calls every callback, there or not.
const isStock = options[options.indexOf("--target") + 1] === "envoy";
const { error } = await main(options, {
  stdout: process.stdout,
  stderr: process.stderr,
  transforms: isStock ? [unheard, references] : [references],
});
if (error) process.exitCode = 1;
