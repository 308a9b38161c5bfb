// Guest source text made plain, so that patterns see code only.

/**
 * The text with comments and the insides of strings replaced by spaces: every other character keeps its place,
 * and line breaks stay. Expressions in templates stay too.
 */
export function codeOf(text) {
  const out = text.split("");
  const blank = (from, to) => {
    for (let i = from; i < to; i++) if (out[i] !== "\n") out[i] = " ";
  };
  // Depths of braces at which a template's expression ends.
  const templates = [];
  let depth = 0;
  let at = 0;
  while (at < out.length) {
    const pair = text.slice(at, at + 2);
    const character = text[at];
    if (pair === "//" || pair === "/*") {
      const end = pair === "//" ? text.indexOf("\n", at) : text.indexOf("*/", at + 2) + 2;
      const stop = end < at + 2 ? text.length : end;
      blank(at, stop);
      at = stop;
    } else if (character === '"' || character === "'") {
      const stop = stringEnd(text, at + 1, character);
      blank(at + 1, stop);
      at = stop + 1;
    } else if (character === "`" || (character === "}" && templates.at(-1) === depth)) {
      if (character === "}") templates.pop();
      const stop = templateEnd(text, at + 1);
      blank(at + 1, stop);
      if (text[stop] === "$") {
        templates.push(depth);
        at = stop + 2;
      } else {
        at = stop + 1;
      }
    } else {
      if (character === "{") depth++;
      if (character === "}") depth--;
      at++;
    }
  }
  return out.join("");
}

/** Position of the parenthesis that closes the one before `at`, or of the end. */
export function closing(code, at) {
  let depth = 1;
  for (; at < code.length; at++) {
    if (code[at] === "(") depth++;
    if (code[at] === ")" && --depth === 0) return at;
  }
  return at;
}

/** The number, from 1, of the line that has position `at`. */
export function lineOf(text, at) {
  return text.slice(0, at).split("\n").length;
}

function stringEnd(text, at, quote) {
  while (at < text.length && text[at] !== quote && text[at] !== "\n") at += text[at] === "\\" ? 2 : 1;
  return at;
}

/** Position of the backquote that ends a template, or of the `$` that begins an expression. */
function templateEnd(text, at) {
  while (at < text.length && text[at] !== "`" && text.slice(at, at + 2) !== "${")
    at += text[at] === "\\" ? 2 : 1;
  return at;
}
