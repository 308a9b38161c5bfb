// Generates what schema.json knows: the configuration table in each plugin's README (English) and the whole
// README_ZH (Chinese). `--check` writes nothing and fails when a file would change.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./compile.mjs";
import { matrixPage } from "./matrix-docs.mjs";
import {
  figuresInProse,
  measured,
  performanceChart,
  performancePage,
  performanceSummary,
  pluginPerformance,
} from "./performance-docs.mjs";
import { promisePage } from "./promises.mjs";

const check = process.argv.includes("--check");
let drift = 0;

const LANGUAGES = {
  en: {
    heading: ["Key", "Type", "Default", "Meaning"],
    description: "description",
    required: "required",
    secret: "secret",
  },
  zh: {
    heading: ["字段", "类型", "默认值", "说明"],
    description: "x-description-zh",
    required: "必填",
    secret: "敏感信息",
  },
};

/** Follows `#/$defs/…`; schemas of this project are self-contained. */
function resolve(schema, document) {
  if (!schema.$ref) return schema;
  const target = schema.$ref
    .replace(/^#\//, "")
    .split("/")
    .reduce((node, key) => node?.[key], document);
  if (!target) throw new Error(`unresolved ${schema.$ref}`);
  return { ...target, ...schema, $ref: undefined };
}

function typeName(schema, document) {
  const own = resolve(schema, document);
  if (own["x-type"]) return own["x-type"];
  if (own.enum) return own.enum.map((value) => `\`${value}\``).join(", ");
  if (own.type === "array") return `list of ${typeName(own.items ?? {}, document)}`;
  if (own.type === "object" && typeof own.additionalProperties === "object" && !own.properties)
    return `map to ${typeName(own.additionalProperties, document)}`;
  if (Array.isArray(own.type)) return own.type.join(" or ");
  if (own.anyOf || own.oneOf)
    return [...new Set((own.anyOf ?? own.oneOf).map((one) => typeName(one, document)))].join(" or ");
  return own.type ?? "any";
}

/** One row per key, depth first; `list[].key` and `map.*.key` for what is inside. */
function* rows(schema, document, prefix = "", depth = 0) {
  const own = resolve(schema, document);
  for (const [key, member] of Object.entries(own.properties ?? {})) {
    const value = resolve(member, document);
    const path = prefix + key;
    yield { path, value, required: own.required?.includes(key) ?? false, type: typeName(member, document) };
    // `x-collapsed`: what is inside stands elsewhere in the table.
    if (depth > 6 || value["x-collapsed"]) continue;
    const types = [value.type].flat();
    if (types.includes("object")) yield* rows(value, document, `${path}.`, depth + 1);
    if (types.includes("array") && value.items) yield* rows(value.items, document, `${path}[].`, depth + 1);
    if (typeof value.additionalProperties === "object")
      yield* rows(value.additionalProperties, document, `${path}.*.`, depth + 1);
  }
}

function cell(text) {
  return String(text).replaceAll("|", "\\|").replaceAll("\n", " ");
}

function bounds(schema) {
  const parts = [];
  if (schema.minimum !== undefined) parts.push(`≥ ${schema.minimum}`);
  if (schema.maximum !== undefined) parts.push(`≤ ${schema.maximum}`);
  return parts.length > 0 ? ` (${parts.join(", ")})` : "";
}

export function table(schema, language) {
  const words = LANGUAGES[language];
  const lines = [`| ${words.heading.join(" | ")} |`, "| --- | --- | --- | --- |"];
  for (const row of rows(schema, schema)) {
    const marks = [row.required ? words.required : "", row.value["x-secret"] ? words.secret : ""].filter(
      Boolean,
    );
    const meaning =
      (row.value[words.description] ?? row.value.description ?? "") +
      (marks.length ? ` (${marks.join(", ")})` : "");
    const standard = row.value.default === undefined ? "" : `\`${JSON.stringify(row.value.default)}\``;
    lines.push(
      `| \`${row.path}\` | ${cell(row.type)}${cell(bounds(row.value))} | ${cell(standard)} | ${cell(meaning)} |`,
    );
  }
  return lines.join("\n");
}

/** Replaces what stands between `<!-- name:start -->` and `<!-- name:end -->`. */
export function between(text, name, content) {
  const start = `<!-- ${name}:start -->`;
  const end = `<!-- ${name}:end -->`;
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}

function write(path, content) {
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (before === content) return;
  drift++;
  console.log(`${check ? "out of date" : "wrote"}: ${relative(root, path)}`);
  if (!check) writeFileSync(path, content);
}

function chinese(name, schema) {
  return [
    "<!-- 由 npm run docs 根据 schema.json 生成，请勿手工修改 -->",
    `# ${name}`,
    schema["x-description-zh"] ?? schema.description ?? "",
    "## 配置",
    table(schema, "zh"),
    ...(schema.examples ?? []).flatMap((example) => [
      "## 示例",
      "```json\n" + JSON.stringify(example, null, 2) + "\n```",
    ]),
    "[English](README.md)",
    "",
  ].join("\n\n");
}

function main() {
  const plugins = readdirSync(join(root, "plugins"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, "plugins", entry.name, "schema.json")))
    .map((entry) => entry.name);
  // What measures writes what it found alone: the rest may not be ready.
  if (process.argv[2] === "robustness") return writePromises();
  if (process.argv[2] === "performance") return writePerformance(plugins);
  const summary = ["| plugin | what it does |", "| --- | --- |"];
  for (const name of plugins) {
    const folder = join(root, "plugins", name);
    const schema = JSON.parse(readFileSync(join(folder, "schema.json"), "utf8"));
    const readme = join(folder, "README.md");
    write(readme, between(readFileSync(readme, "utf8"), "config", table(schema, "en")));
    write(join(folder, "README_ZH.md"), chinese(name, schema).trimEnd() + "\n");
    summary.push(`| [${name}](plugins/${name}/README.md) | ${cell(schema.description ?? "")} |`);
  }
  write(join(root, "docs", "ai-proxy-matrix.md"), matrixPage(root).trimEnd() + "\n");
  writePromises();
  writePerformance(plugins);
  refuseFiguresInProse();
  const rootReadme = join(root, "README.md");
  const text = readFileSync(rootReadme, "utf8");
  if (text.includes("<!-- plugins:start -->"))
    write(rootReadme, between(text, "plugins", summary.join("\n")));
  if (check && drift > 0) {
    console.log("run `npm run docs`");
    process.exit(1);
  }
  console.log(check ? "generated docs are up to date" : "done");
}

function writePerformance(plugins) {
  if (Object.keys(measured()).length === 0) return;
  write(join(root, "docs", "performance.md"), performancePage());
  write(join(root, "docs", "images", "performance.svg"), performanceChart());
  writeBlock(join(root, "README.md"), "performance", performanceSummary());
  for (const name of plugins) {
    writeBlock(join(root, "plugins", name, "README.md"), "performance", pluginPerformance(name));
  }
}

/** Figures that no command renews drift away from the truth. Decisions and the changelog say what was, at their time. */
function refuseFiguresInProse() {
  const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root }).toString().trim().split("\n");
  const generated = ["docs/performance.md", "docs/robustness.md"];
  const isDated = (page) => page.startsWith("docs/decisions/") || page === "CHANGELOG.md";
  for (const page of pages.filter((name) => !generated.includes(name) && !isDated(name))) {
    if (!existsSync(join(root, page))) continue;
    for (const figure of figuresInProse(readFileSync(join(root, page), "utf8"))) {
      drift++;
      console.log(`${page}: "${figure}" is measured by nothing: let it come from docs/performance.json`);
    }
  }
}

/** As `write`, for what stands between the marks of a block. */
function writeBlock(path, name, content) {
  const text = readFileSync(path, "utf8");
  if (text.includes(`<!-- ${name}:start -->`)) write(path, between(text, name, content));
}

function writePromises() {
  if (!existsSync(join(root, "docs", "robustness.json"))) return;
  try {
    write(join(root, "docs", "robustness.md"), promisePage());
  } catch (error) {
    drift++;
    console.log(error.message);
  }
}

if (import.meta.filename === process.argv[1]) main();
