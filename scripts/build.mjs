// Builds the plugins: `npm run build [NAME…]`. A plugin is a folder under plugins/ with an index.ts. The name `suite`
// stands for one module that holds them all; it is only built when it is asked for.
//
//   dist/NAME.wasm                              one module for both hosts, when both builds import the same
//   dist/NAME.higress.wasm, NAME.envoy.wasm     otherwise
//
// GUEST_BUILD chooses another build than the one that is shipped, and another folder (guest-build.mjs).
// Nothing is compiled whose sources, compiler and options are those of the last build.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { compile, root } from "./compile.mjs";
import { outputFolder, suite } from "./guest-build.mjs";

const dist = join(root, outputFolder);
const recordFile = join(dist, "build.json");
const targets = ["higress", "envoy"];

/** Names of all plugins. */
export function pluginNames() {
  const folder = join(root, "plugins");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "index.ts")))
    .toSorted();
}

/**
 * Builds the named plugins, all without names, where anything changed since their last build.
 * `onStart(name)` is called before a plugin is compiled. Resolves with one entry per plugin, its `artifacts` with
 * their sizes and those of the build before; rejects with the compiler's messages of all that failed.
 * @param {string[]} [names]
 * @param {{ onStart?: (name: string) => void }} [options]
 */
export async function buildPlugins(names = pluginNames(), { onStart = () => {} } = {}) {
  const unknown = names.filter((name) => name !== suite && !pluginNames().includes(name));
  if (unknown.length > 0)
    throw new Error(`no plugin is named ${unknown.join(", ")}; there are ${pluginNames().join(", ")}`);
  await mkdir(dist, { recursive: true });
  const record = readRecord();
  const shared = digest(sharedSources());
  const pending = names.map((name) => ({ name, key: digest([...pluginSources(name), shared]) }));
  const built = await inParallel(pending, async ({ name, key }) => {
    const before = record[name];
    if (before?.key === key && before.artifacts.every(({ file }) => existsSync(join(dist, file)))) {
      return { name, isNew: false, ...before };
    }
    onStart(name);
    const artifacts = await build(name);
    for (const artifact of artifacts) {
      const same = before?.artifacts.find(({ file }) => file === artifact.file) ?? before?.artifacts[0];
      if (same) artifact.previousBytes = same.bytes;
    }
    return { name, isNew: true, key, artifacts };
  });
  const failures = built.filter((result) => result instanceof Error);
  const results = built.filter((result) => !(result instanceof Error));
  if (results.some(({ isNew }) => isNew)) {
    // Read again: another build may have written meanwhile.
    const merged = { ...readRecord() };
    for (const { name, key, artifacts } of results) merged[name] = { key, artifacts };
    await replace(recordFile, `${JSON.stringify(merged, null, 2)}\n`);
  }
  if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join("\n"));
  return results;
}

async function build(name) {
  const temporary = join(outputFolder, ".build");
  const files = [];
  for (const target of targets) {
    const outFile = join(temporary, `${name}.${process.pid}.${target}.wasm`);
    const entry = name === suite ? await suiteEntry(temporary) : join("plugins", name, "index.ts");
    files.push(await compile({ entry, outFile, target, flags: ["--noUnsafe"] }));
  }
  const modules = await Promise.all(files.map((file) => readFile(file)));
  await Promise.all(files.map((file) => rm(file)));
  const [higress, envoy] = modules.map(imports);
  const single = higress === envoy;
  // One build serves both only if it is the one that tells Higress its own ABI version.
  const artifacts = single
    ? [[`${name}.wasm`, modules[0]]]
    : targets.map((target, index) => [`${name}.${target}.wasm`, modules[index]]);
  const stale = single ? targets.map((target) => `${name}.${target}.wasm`) : [`${name}.wasm`];
  for (const [file, bytes] of artifacts) await replace(join(dist, file), bytes);
  for (const file of stale) await rm(join(dist, file), { force: true });
  return artifacts.map(([file, bytes]) => ({
    file,
    bytes: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
  }));
}

/** The source of the suite: each plugin registers itself, and the root id chooses. */
async function suiteEntry(folder) {
  await mkdir(join(root, folder), { recursive: true });
  const file = join(folder, `${suite}.ts`);
  const up = relative(join(root, folder), root);
  const imports = pluginNames().map((name) => `import "${up}/plugins/${name}/index";\n`);
  await replace(join(root, file), `export * from "as-proxy-wasm-sdk/sdk/exports";\n${imports.join("")}`);
  return file;
}

/** What a module needs of its host, as one comparable text. */
function imports(bytes) {
  return WebAssembly.Module.imports(new WebAssembly.Module(bytes))
    .map(({ module, name }) => `${module}.${name}`)
    .toSorted()
    .join(" ");
}

function pluginSources(name) {
  if (name === suite) return pluginNames().flatMap(pluginSources);
  return sources(join(root, "plugins", name));
}

/** Everything a module is made of besides its own folder. */
function sharedSources() {
  const compiler = join(root, "node_modules", "assemblyscript", "package.json");
  return [
    ...sources(join(root, "shared")),
    ...[
      join(root, "asconfig.json"),
      join(root, "scripts", "compile.mjs"),
      join(root, "scripts", "binaryen.mjs"),
      join(root, "scripts", "asc.mjs"),
      join(root, "scripts", "references.mjs"),
      join(root, "scripts", "inlining.mjs"),
      join(root, "scripts", "data-packing.mjs"),
      join(root, "scripts", "inlining-budget.mjs"),
      join(root, "scripts", "guest-build.mjs"),
      compiler,
    ].filter((file) => existsSync(file)),
    fileURLToPath(import.meta.url),
  ];
}

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && extname(entry.name) === ".ts")
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/[\\/](test|node_modules)[\\/]/.test(relative(folder, file)))
    .filter((file) => !relative(folder, file).startsWith("test/"))
    .toSorted();
}

/** Of files by name and content; an item that is no file counts as itself. */
function digest(items) {
  const hash = createHash("sha256");
  for (const item of items) {
    const content = item.includes("/") ? readFileSync(item) : item;
    hash.update(`${item.includes("/") ? relative(root, item) : ""}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function readRecord() {
  try {
    return JSON.parse(readFileSync(recordFile, "utf8"));
  } catch {
    return {};
  }
}

/** A reader sees the old file or the new one, never a part. */
async function replace(file, content) {
  await writeFile(`${file}.${process.pid}.new`, content);
  await rename(`${file}.${process.pid}.new`, file);
}

/** As many at a time as there are processors. Rejections become results. */
async function inParallel(items, work) {
  const results = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await work(items[index]).catch((error) => error);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, worker));
  return results;
}

/** Sizes and what grew since the build before. */
export function sizeTable(results) {
  const rows = results.flatMap(({ isNew, artifacts }) =>
    artifacts.map(({ file, bytes, gzip, previousBytes }) => {
      const change = !isNew
        ? "unchanged"
        : previousBytes === undefined
          ? "new"
          : signed(bytes - previousBytes);
      return [file, format(bytes), format(gzip), change];
    }),
  );
  const table = [["module", "bytes", "gzip", "change"], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join("  "),
    )
    .join("\n");
}

function format(bytes) {
  return bytes.toLocaleString("en");
}

function signed(change) {
  return change === 0 ? "±0" : `${change > 0 ? "+" : "−"}${format(Math.abs(change))}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  try {
    const results = await buildPlugins(names.length > 0 ? names : undefined, {
      onStart: (name) => console.error(`building ${name}`),
    });
    console.log(sizeTable(results));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
