// What changed between two texts, line by line.

/** @typedef {{ kind: "same" | "added" | "removed" | "left out", text: string }} Line */

/** Beyond this many differing lines on a side both are shown as they are: the table would be too large. */
const maxLines = 1500;

/** Lines around a change that are shown with it. */
const context = 3;

/**
 * @param {string[]} before
 * @param {string[]} after
 * @returns {Line[]} removed lines stand before the added ones
 */
export function difference(before, after) {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  return [
    ...lines("same", before.slice(0, start)),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...lines("same", before.slice(before.length - end)),
  ];
}

/**
 * Leaves out what is far from any change.
 * @param {Line[]} all
 * @returns {Line[]}
 */
export function aroundChanges(all) {
  const near = new Set();
  all.forEach(({ kind }, index) => {
    if (kind === "same") return;
    for (let at = index - context; at <= index + context; at++) near.add(at);
  });
  /** @type {Line[]} */
  const shown = [];
  let leftOut = 0;
  all.forEach((line, index) => {
    if (!near.has(index)) leftOut++;
    if (leftOut > 0 && (near.has(index) || index === all.length - 1)) {
      shown.push({
        kind: "left out",
        text: leftOut === 1 ? "… 1 line as it was" : `… ${leftOut} lines as they were`,
      });
      leftOut = 0;
    }
    if (near.has(index)) shown.push(line);
  });
  return shown;
}

/**
 * By the longest common subsequence.
 * @param {string[]} before
 * @param {string[]} after
 * @returns {Line[]}
 */
function middle(before, after) {
  if (before.length > maxLines || after.length > maxLines)
    return [...lines("removed", before), ...lines("added", after)];
  const width = after.length + 1;
  const lengths = new Uint16Array((before.length + 1) * width);
  const at = (/** @type {number} */ row, /** @type {number} */ column) => lengths[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--)
    for (let column = after.length - 1; column >= 0; column--)
      lengths[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
  /** @type {Line[]} */
  const result = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      result.push({ kind: "same", text: before[row] ?? "" });
      row++;
      column++;
    } else if (row < before.length && (column >= after.length || at(row + 1, column) >= at(row, column + 1)))
      result.push({ kind: "removed", text: before[row++] ?? "" });
    else result.push({ kind: "added", text: after[column++] ?? "" });
  }
  return result;
}

/**
 * @param {Line["kind"]} kind
 * @param {string[]} texts
 * @returns {Line[]}
 */
function lines(kind, texts) {
  return texts.map((text) => ({ kind, text }));
}
