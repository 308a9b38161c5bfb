// Regular expressions of API descriptions as JSON Schema has them: ECMA-262 with the flag `u`, under which escapes
// that need no escape are errors.

/** The same expression in a form that is valid with the flag `u`, or `undefined`. */
export function unicodePattern(pattern: string): string | undefined {
  for (const candidate of [pattern, withoutNeedlessEscapes(pattern)]) {
    try {
      new RegExp(candidate, "u");
      return candidate;
    } catch {
      // The next one, or none.
    }
  }
  return undefined;
}

function withoutNeedlessEscapes(pattern: string): string {
  let out = "";
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    const next = pattern[at + 1] ?? "";
    if (char === "\\") {
      const needed = inClass ? "\\]^-" : "\\^$.*+?()[]{}|/";
      const isPlain = next !== "" && !/[A-Za-z0-9]/.test(next) && !needed.includes(next);
      out += isPlain ? next : char + next;
      at++;
      // `[\w-.]`: behind a class of its own a hyphen is itself.
      if (inClass && /[dDwWsS]/.test(next) && pattern[at + 1] === "-" && pattern[at + 2] !== "]") {
        out += "\\-";
        at++;
      }
      continue;
    }
    if (char === "[" && !inClass) inClass = true;
    else if (char === "]" && inClass) inClass = false;
    else if (!inClass && (char === "]" || (char === "}" && !/\{\d+(,\d*)?$/.test(out)))) out += "\\";
    else if (!inClass && char === "{" && !/^\{\d+(,\d*)?\}/.test(pattern.slice(at, at + 24))) out += "\\";
    // `[a-z-_]`: a range has ended, and the hyphen is itself; so is one in front of a class.
    if (inClass && char === "-" && (/[^\\[]-[^\\]$/.test(out) || /^\\[dDwWsS]/.test(pattern.slice(at + 1))))
      out += "\\";
    out += char;
  }
  return out;
}
