// What the meter of texts counts, found by reading character by character: slow, plain, and compared with the compiled one.

/** Positions in what the guest counts (`Kind`, `Feature`). */
const kind = { space: 0, newline: 1, word: 2, digit: 3, mark: 4, quote: 5, han: 8, cyrillic: 11, emoji: 18 };
const feature = {
  capitalPairs: 41,
  markedLetters: 42,
  lateLetters: 43,
  digitGroups: 44,
  markChanges: 45,
  wordsBehindMark: 46,
  digitsBehindSpace: 47,
  newlinesBehindMark: 48,
  doublyMarkedLetters: 49,
};

/** Pairs of letters have weights of their own and are left out. */
export const pairs = 40;
const features = 50;

function kindOf(character: string): number {
  if (character === " " || character === "\t") return kind.space;
  if (/^[\0-\x1f]$/.test(character)) return kind.newline;
  if (/^[0-9]$/.test(character)) return kind.digit;
  if (/^[A-Za-z\u00c0-\u024f\u1e00-\u1eff]$/.test(character)) return kind.word;
  if (/^[\0-\x7f]$/.test(character)) return kind.mark;
  if (/^[\u4e00-\u9fff]$/.test(character)) return kind.han;
  if (/^[\u0400-\u052f]$/.test(character)) return kind.cyrillic;
  return /^[«\u2000-\u206f]$/.test(character) ? kind.quote : kind.emoji;
}

/** Of a text of the kinds above. */
export function featuresOf(text: string): number[] {
  const counts = new Array<number>(features).fill(0);
  let before = { kind: -1, character: "", run: 0 };
  for (const character of text) {
    const of = kindOf(character);
    const isCapital = /^[A-Z]$/.test(character);
    const isWordInWord = of === kind.word && isCapital && !/^[A-Z]$/.test(before.character);
    const isSame = of === before.kind && !isWordInWord;
    const run = isSame ? before.run + 1 : 1;
    counts[of * 2 + 1]!++;
    if (of === kind.space ? run === 2 : !isSame) counts[of * 2]!++;
    if (of === kind.word) {
      if (isSame && isCapital) counts[feature.capitalPairs]!++;
      if (run > 6) counts[feature.lateLetters]!++;
      if (/^[^\0-\x7f]$/.test(character))
        counts[character < "\u1e00" ? feature.markedLetters : feature.doublyMarkedLetters]!++;
    }
    if (of === kind.digit && run % 3 === 1) counts[feature.digitGroups]!++;
    if (of === kind.mark && isSame && character !== before.character) counts[feature.markChanges]!++;
    if (before.kind === kind.mark && !isSame) {
      if (of === kind.word || of === kind.digit) counts[feature.wordsBehindMark]!++;
      if (of === kind.newline) counts[feature.newlinesBehindMark]!++;
    }
    if (before.kind === kind.space && of === kind.digit) counts[feature.digitsBehindSpace]!++;
    before = { kind: of, character, run };
  }
  return counts;
}
