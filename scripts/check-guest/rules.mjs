// House rules for guest code as patterns over code without comments and strings. A rule that cannot be told from
// the text alone (a missing key, an empty array) looks for the guard in the lines before, and says so.

import { wrongImports } from "./arrows.mjs";
import { closing, lineOf } from "./source.mjs";

const MAX_LINES = 450;
// How many lines above a call a guard may stand.
const GUARD_LINES = 10;

/**
 * `except` and `only` are path prefixes. `pattern` finds places in the code; `find(path, code, text)` does where a
 * pattern does not suffice and answers `{ at, message? }`.
 */
export const rules = [
  { name: "import", message: "", find: wrongImports },
  { name: "throw", message: "throw aborts the VM", pattern: /\bthrow\b/g },
  { name: "assert", message: "assert aborts the VM, or vanishes", pattern: /(?<![.\w])assert\s*[(<]/g },
  {
    name: "unreachable",
    message: "unreachable traps",
    pattern: /(?<![.\w])unreachable\s*\(/g,
    except: ["shared/abi/", "shared/runtime/"],
  },
  { name: "non-null", message: "`!` is no check: test for null", pattern: /[\w)\]]!(?!=)/g },
  { name: "unchecked", message: "an unchecked index reads what is not there", pattern: /\bunchecked\s*\(/g },
  {
    name: "missing import",
    message: "it makes an import that Envoy lacks",
    pattern: /\bMath\s*\.\s*random\b|\bconsole\s*\.|\bprocess\s*\.|\bperformance\s*\.|(?<![.\w])trace\s*\(/g,
  },
  {
    name: "clock",
    message: "time comes from the SDK's clock",
    pattern: /\bDate\s*\.|\bnew\s+Date\b/g,
    except: ["shared/sdk/"],
  },
  {
    name: "decode",
    message: "the standard decoder accepts invalid UTF-8: use decodeLossy or isUtf8",
    pattern: /\bString\s*\.\s*UTF8\s*\.\s*decode/g,
    except: ["shared/bytes/"],
  },
  {
    name: "raw memory",
    message: "a plugin does not touch raw memory",
    pattern: /\b(?:load|store|changetype)\s*<|\b(?:memory|heap|atomic|v128)\s*\.|(?<![.\w])__\w+\s*\(/g,
    only: ["plugins/"],
  },
  {
    name: "temporary pointer",
    message: "nothing keeps the object of this pointer alive",
    find: temporaryPointers,
  },
  {
    name: "function decorator",
    message: "no other tool can parse a decorated function",
    pattern:
      /^[ \t]*@\w+(?:\([^)]*\))?\s+(?:@\w+(?:\([^)]*\))?\s+)*(?:export\s+)?(?:default\s+)?(?:declare\s+)?function\b/gm,
  },
  {
    name: "unguarded get",
    message: "Map.get aborts on a missing key, and no has() stands before it",
    find: unguardedGets,
  },
  {
    name: "unguarded pop",
    message: "it aborts on an empty array, and no length stands before it",
    find: unguardedPops,
  },
  {
    name: "length",
    message: `more than ${MAX_LINES} lines: one idea a file`,
    find: (_path, _code, text) => (text.trimEnd().split("\n").length > MAX_LINES ? [{ at: 0 }] : []),
  },
];

function temporaryPointers(_path, code) {
  return [...code.matchAll(/\bchangetype\s*<\s*usize\s*>\s*\(/g)]
    .filter((match) => {
      const start = match.index + match[0].length;
      return /\bnew\b|\(/.test(code.slice(start, closing(code, start)));
    })
    .map((match) => ({ at: match.index }));
}

function unguardedGets(_path, code, text) {
  const maps = [...code.matchAll(/\b(\w+)\s*(?::\s*(?:readonly\s+)?Map\s*<|=\s*new\s+Map\s*<)/g)].map(
    (match) => match[1],
  );
  if (maps.length === 0) return [];
  const calls = code.matchAll(new RegExp(`\\b(${[...new Set(maps)].join("|")})\\s*\\.\\s*get\\s*\\(`, "g"));
  return [...calls]
    .filter((match) => {
      const start = match.index + match[0].length;
      const key = text.slice(start, closing(code, start)).trim();
      return !linesBefore(text, match.index).includes(`${match[1]}.has(${key})`);
    })
    .map((match) => ({ at: match.index }));
}

function unguardedPops(_path, code) {
  return [...code.matchAll(/\b(\w+)\s*\.\s*(?:pop|shift)\s*\(\s*\)/g)]
    .filter(
      (match) =>
        !new RegExp(`\\b${match[1]}\\s*\\.\\s*(?:length|isEmpty)\\b`).test(linesBefore(code, match.index)),
    )
    .map((match) => ({ at: match.index }));
}

/** The text before `at`, from a few lines above. */
function linesBefore(text, at) {
  const before = text.slice(0, at).split("\n");
  return before.slice(Math.max(before.length - 1 - GUARD_LINES, 0)).join("\n");
}

/**
 * `{ path, line, rule, message }` for each breach, in the order of lines. `path` is relative to the repository.
 * A comment `check-guest allows RULE: REASON` on the line or the one above makes an exception that all can see.
 */
export function breaches(path, text, code) {
  const found = [];
  const allowed = allowances(text);
  for (const rule of rules) {
    if (rule.only && !rule.only.some((prefix) => path.startsWith(prefix))) continue;
    if (rule.except?.some((prefix) => path.startsWith(prefix))) continue;
    const places = rule.pattern
      ? [...code.matchAll(rule.pattern)].map((match) => ({ at: match.index + match[0].search(/\S/) }))
      : rule.find(path, code, text);
    for (const { at, message } of places) {
      const line = lineOf(text, at);
      const exception = allowed.find(
        (one) => one.rule === rule.name && (one.line === line || one.line === line - 1),
      );
      if (exception) exception.isUsed = true;
      else found.push({ path, line, rule: rule.name, message: message ?? rule.message });
    }
  }
  for (const { line, rule } of allowed.filter((one) => !one.isUsed)) {
    found.push({ path, line, rule: "allowance", message: `nothing here breaks the rule "${rule}"` });
  }
  return found.sort((a, b) => a.line - b.line);
}

function allowances(text) {
  return [...text.matchAll(/\/\/ check-guest allows ([\w -]+): \S/g)].map((match) => ({
    line: lineOf(text, match.index),
    rule: match[1],
    isUsed: false,
  }));
}
