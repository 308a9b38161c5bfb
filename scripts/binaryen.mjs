// The very library that the compiler writes modules with.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const compiler = createRequire(createRequire(import.meta.url).resolve("assemblyscript/package.json"));

export const { default: binaryen } = await import(pathToFileURL(compiler.resolve("binaryen")).href);
