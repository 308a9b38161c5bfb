// What a text is written in, told from its characters.

const scripts = [
  ["Japanese", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["Korean", /\p{Script=Hangul}/gu],
  ["Chinese", /\p{Script=Han}/gu],
  ["Arabic", /\p{Script=Arabic}/gu],
  ["Hindi", /\p{Script=Devanagari}/gu],
  ["Russian", /\p{Script=Cyrillic}/gu],
  ["Greek", /\p{Script=Greek}/gu],
  ["Hebrew", /\p{Script=Hebrew}/gu],
  ["Thai", /\p{Script=Thai}/gu],
];

/** A language by its script, else what kind of Latin text it is. */
export function languageOf(text) {
  for (const [name, pattern] of scripts)
    if ((text.match(pattern)?.length ?? 0) > text.length / 10) return name;
  const marks = text.match(/[{}[\]();=<>|"`]/g)?.length ?? 0;
  return marks > text.length / 25 ? "code, JSON" : "English";
}
