// The AssemblyScript compiler with a runtime of our own: `minimal` allocates and collects as shared/runtime says. The
// compiler takes a runtime by path too, but then builds for its incremental collector, with a shadow stack.
//
// Takes the arguments of `asc`.

import { readFile } from "node:fs/promises";
import { libraryFiles, main } from "assemblyscript/asc";

const collector = await readFile(new URL("../shared/runtime/collector.ts", import.meta.url), "utf8");
libraryFiles["rt/index-minimal"] = 'import "./tlsf"; import "./collector";';
// Written without the decorators, which no other tool can parse in front of a function.
libraryFiles["rt/collector"] = collector.replaceAll(
  "\nexport function",
  "\n@global @unsafe\nexport function",
);

const { error } = await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
if (error) process.exitCode = 1;
