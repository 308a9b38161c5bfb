// Texts that no collection has enough of, made of words and of numbers that are the same in every run.

const emoji = [..."😀😂🥰😎🤔👍🙏🔥✨🎉❤🚀✅❌📦📈🇩🇪👩‍💻🍕🌍⭐💡🐛⚠️☕🎵😭💯👀🤖"];

/** `{kind, text}` of tables, JSON, emoji, base64 and hexadecimal. */
export function madeTexts(vocabulary) {
  let seed = 7;
  const below = (limit) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % limit;
  const pick = (list) => list[below(list.length)];
  const word = () => pick(vocabulary);
  const repeat = (count, make) => Array.from({ length: count }, make);
  const bytes = (count) => Buffer.from(repeat(count, () => below(256)));

  const markdownTable = () =>
    "| id | name | price | date | note |\n|---|---|---:|---|---|\n" +
    repeat(
      18,
      () =>
        `| ${below(99999)} | ${word()} ${word()} | ${(below(1e6) / 100).toFixed(2)} | 20${10 + below(16)}-0${1 + below(9)}-${10 + below(18)} | ${word()} |\n`,
    ).join("");
  const commaSeparated = () =>
    "time,host,latency_ms,code,bytes\n" +
    repeat(
      25,
      () =>
        `2026-0${1 + below(9)}-1${below(9)}T0${below(9)}:${10 + below(49)}:${10 + below(49)}Z,web-${below(40)}.${word()},${below(9000) / 10},${pick([200, 404, 500, 301])},${below(1e7)}\n`,
    ).join("");
  const records = (indent) =>
    JSON.stringify(
      repeat(8, () => ({
        id: `${below(1e9).toString(16)}-${below(65536).toString(16)}-4${below(4096).toString(16)}`,
        userName: word(),
        active: below(2) === 1,
        tags: [word(), word()],
        score: below(1e5) / 1e3,
      })),
      null,
      indent,
    );
  const sentences = () => {
    let text = "";
    while (text.length < 900) {
      const words = repeat(3 + below(9), word).join(" ");
      text += `${words}${pick(["! ", " ", "... ", "? "])}${repeat(1 + below(4), () => pick(emoji)).join("")} `;
    }
    return text;
  };
  return repeat(60, (_, i) => [
    { kind: "table", text: markdownTable() },
    { kind: "table", text: commaSeparated() },
    { kind: "json", text: records(i % 2 ? 2 : 0) },
    { kind: "emoji", text: sentences() },
    { kind: "base64", text: bytes(500).toString("base64") },
    { kind: "hex", text: repeat(12, () => bytes(20).toString("hex")).join("\n") },
  ]).flat();
}
