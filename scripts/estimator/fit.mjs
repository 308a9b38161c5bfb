// Fits the weights of shared/llm/tokens/weights.ts to what public tokenizers count, and writes them. Least squares of the
// relative error with no weight below zero, drawn a little towards first guesses where the texts tell little.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { root } from "../compile.mjs";
import { corpus, isFitted } from "./corpus.mjs";
import { families, featureCount } from "./guest-layout.mjs";
import { tokenizers } from "./tokenizers.mjs";

const file = join(root, "shared", "llm", "tokens", "weights.ts");
/** `WEIGHT_UNIT` in text-meter.ts. */
const unit = 64;
/** a to z, and one for Latin letters with marks. */
const letters = 27;
/** Families whose tokenizers tell how words are cut; OpenAI's is most used. */
const pairFamilies = [0, 0, 1, 4, 6];

export async function fit() {
  const count = await tokenizers();
  const texts = corpus().filter((_, i) => isFitted(i));
  const pairs = fitPairs(texts, count);
  // What the guest counts of pairs depends on their weights, which come first.
  await write(
    pairs,
    families.map(() => Array(featureCount).fill(0)),
  );
  const guest = await import("./guest.mjs");
  const weights = fitFamilies(texts, count, guest.features);
  await write(pairs, weights);
  console.log(`written: ${file}`);
}

/** How likely a token ends between two letters of a word, in units. */
function fitPairs(texts, count) {
  const frequencies = new Map();
  for (const { text } of texts)
    for (const run of text.match(/[A-Za-zÀ-ɏḀ-ỿ]+/g) ?? [])
      for (const word of run.match(/[A-ZÀ-Þ]?[a-zß-ɏḀ-ỿ]+|[A-Z]+/g) ?? [])
        frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
  const system = new System(letters * letters);
  for (const [word, frequency] of frequencies) {
    if (word.length < 2 || word.length > 24 || /^[A-Z]{2}/.test(word)) continue;
    const tokens =
      pairFamilies.reduce((sum, family) => sum + count[family](` ${word}`), 0) / pairFamilies.length;
    const indexes = [...word.toLowerCase()].map(letterIndex);
    const row = new Map();
    for (let i = 1; i < indexes.length; i++) {
      const pair = indexes[i - 1] * letters + indexes[i];
      row.set(pair, (row.get(pair) ?? 0) + 1);
    }
    system.add(row, tokens - 1, frequency ** 0.8);
  }
  return system.solve(() => ({ guess: 0.18, strength: 20 }), 60);
}

function letterIndex(letter) {
  const index = letter.charCodeAt(0) - 0x61;
  return index >= 0 && index < letters - 1 ? index : letters - 1;
}

function fitFamilies(texts, count, featuresOf) {
  const kinds = new Map();
  for (const { kind } of texts) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const rows = texts.map(({ kind, text }) => ({
    text,
    row: new Map([...featuresOf(text).entries()].filter(([, value]) => value !== 0)),
    weight: 1e6 / Math.sqrt(kinds.get(kind)),
  }));
  return families.map((_, family) => {
    const system = new System(featureCount);
    for (const { text, row, weight } of rows) {
      const tokens = count[family](text);
      system.add(row, tokens, weight / tokens ** 2);
    }
    return system.solve((i, diagonal) => ({ guess: firstGuess(i), strength: diagonal * 0.002 + 1 }), 4000);
  });
}

/** By `Feature` in text-meter.ts; runs of characters and characters take turns up to 40. */
function firstGuess(feature) {
  const known = { 0: 0.5, 1: 0.01, 2: 0.7, 3: 0, 4: 1, 5: 0, 6: 0.3, 7: 0.1, 8: 0.8, 9: 0, 16: 0.1, 17: 0.8 };
  const later = { 38: 0.5, 39: 2, 40: 1, 41: 0.4, 42: 0.1, 44: 0.6, 45: 0.3 };
  if (feature in known) return known[feature];
  if (feature in later) return later[feature];
  if (feature >= 40) return 0;
  return feature % 2 === 0 ? 0.3 : 0.4;
}

/** Normal equations of a weighted least-squares fit. */
class System {
  constructor(size) {
    this.size = size;
    this.matrix = Array.from({ length: size }, () => new Float64Array(size));
    this.vector = new Float64Array(size);
  }

  /** `row`: values by index. */
  add(row, value, weight) {
    for (const [i, one] of row) {
      this.vector[i] += weight * one * value;
      for (const [j, other] of row) this.matrix[i][j] += weight * one * other;
    }
  }

  /** The solution in units, none below zero or above a byte: coordinate descent. */
  solve(priorOf, rounds) {
    const { size, matrix, vector } = this;
    const priors = Array.from({ length: size }, (_, i) => priorOf(i, matrix[i][i]));
    const solution = priors.map(({ guess }) => guess);
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < size; i++) {
        const { guess, strength } = priors[i];
        const row = matrix[i];
        let rest = vector[i] + strength * guess;
        for (let j = 0; j < size; j++) if (j !== i) rest -= row[j] * solution[j];
        solution[i] = Math.max(0, rest / (row[i] + strength || 1));
      }
    }
    return solution.map((value) => Math.min(255, Math.round(value * unit)));
  }
}

async function write(pairs, weights) {
  const lines = (list) =>
    Array.from(
      { length: Math.ceil(list.length / letters) },
      (_, i) => `  ${list.slice(i * letters, (i + 1) * letters).join(", ")},`,
    ).join("\n");
  const text = `// Weights of what \`text-meter.ts\` counts, in 64ths of a token: fitted to the counts of public tokenizers on texts in 36
// languages, code, markup, tables, JSON and emoji (README.md). The arrays are data, not to be edited by hand:
// \`npm run estimator fit\` writes them.

/** a to z, and one for all Latin letters with marks. */
export const PAIR_LETTERS: i32 = ${letters};

/** Row: the first letter of a pair, column: the second. */
// prettier-ignore
export const PAIR_WEIGHTS: StaticArray<u8> = [
${lines(pairs)}
];

/** By family (rows of ${featureCount}) and feature. */
// prettier-ignore
export const FAMILY_WEIGHTS: StaticArray<u8> = [
${weights.map((list, family) => `  // ${families[family]}\n${lines(list)}`).join("\n")}
];
`;
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: "typescript" }));
}
