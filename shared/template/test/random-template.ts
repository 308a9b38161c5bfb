// Templates that look random: some of pieces, most of statements that compile.

import type { Random } from "../../gjson/test/random.ts";

const names =
  "gjson len index and or not eq ne lt print printf html js urlquery trim upper title snakecase camelcase plural trunc " +
  "substr repeat replace abbrev abbrevboth wrap wrapWith indent quote cat contains add div mod mulf divf round ceil int " +
  "toDecimal seq randInt until untilStep default coalesce ternary toJson toPrettyJson fromJson join split splitList " +
  "splitn list dict first last rest initial has keys get append concat uniq reverse sortAlpha dig chunk slice pick " +
  "merge set b64enc b64dec b32enc sha256sum randAlphaNum randBytes base clean ext regexMatch regexReplaceAll regexSplit " +
  "regexFindAll now date dateInZone ago duration durationRound htmlDate shuffle b32dec sha1sum sha512sum urlParse urlJoin " +
  "semver semverCompare pluck mergeOverwrite deepCopy toStrings without trimAll set unset omit typeOf deepEqual splitn";
const functions = names.split(" ");
const operands = [
  ...[
    ".",
    ".a",
    ".a.l",
    ".a.s",
    ".a.b",
    ".a.n",
    ".a.q",
    ".m",
    "$",
    "1",
    "0",
    "-1",
    "3",
    "2.5",
    '"a"',
    '""',
    '"%d %s"',
  ],
  ...[
    '"a.#.k"',
    '"["',
    "true",
    "nil",
    "9223372036854775807",
    "-9223372036854775808",
    "1e300",
    "'x'",
    '"2006-01-02 MST"',
  ],
  ...['"Asia/Tokyo"', ".é", '"é\\x00"', "1000000", ".t"],
];

export function randomTemplate(random: Random): string {
  if (random.chance(4)) {
    const pieces = [
      "{{",
      "}}",
      "{{-",
      " -}}",
      "if ",
      "end",
      "else",
      "range ",
      "with ",
      "$x",
      ":=",
      "=",
      "|",
      "(",
      ")",
      ".a",
      ",",
    ];
    const more = [
      "define ",
      '"n"',
      "template ",
      "block ",
      "break",
      "1",
      " ",
      "'",
      "`",
      "/*",
      "*/",
      "\n",
      "x",
      "len ",
      "nil",
    ];
    return Array.from({ length: 1 + random.below(14) }, () => random.pick([...pieces, ...more])).join("");
  }
  return Array.from({ length: 1 + random.below(4) }, () => statement(random, 0)).join("");
}

function statement(random: Random, depth: number): string {
  const inner = () => (depth > 3 ? "t" : statement(random, depth + 1));
  switch (random.below(7)) {
    case 0:
      return `{{if ${pipeline(random, 0)}}}${inner()}{{else}}${inner()}{{end}}`;
    case 1:
      return `{{range $k, $v := ${pipeline(random, 0)}}}${inner()}{{$v}}{{end}}`;
    case 2:
      return `{{with ${pipeline(random, 0)} -}} ${inner()}{{end}}`;
    case 3:
      return `{{$x := ${pipeline(random, 0)}}}{{$x}}`;
  }
  return `{{${pipeline(random, 0)}}}`;
}

function pipeline(random: Random, depth: number): string {
  const call = () => {
    const count = random.below(4);
    const values = Array.from({ length: count }, () =>
      depth < 2 && random.chance(4) ? `(${pipeline(random, depth + 1)})` : random.pick(operands),
    );
    return [random.pick(functions), ...values].join(" ");
  };
  return Array.from({ length: 1 + random.below(2) }, call).join(" | ");
}
