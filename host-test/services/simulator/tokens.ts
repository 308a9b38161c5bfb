// The simulator's rule for tokens: a token is white space followed by at most ten other characters. It is no
// provider's rule, but anyone can check a count by hand.

const token = /\s*\S{1,10}|\s+$/gu;

/** The text in tokens; joined they are the text. */
export function tokensOf(text: string): string[] {
  return text.match(token) ?? [];
}

export function countTokens(text: string): number {
  const scan = new RegExp(token);
  let count = 0;
  while (scan.test(text)) count++;
  return count;
}
