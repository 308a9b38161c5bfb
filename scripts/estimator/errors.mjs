// Errors of estimates as tables.

/** Of errors as shares: mean and 99th percentile of their size, in percent. */
export function summary(errors) {
  const sizes = errors.map(Math.abs).toSorted((a, b) => a - b);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  const p99 = sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * 0.99))];
  return `${(100 * mean).toFixed(1)} / ${(100 * p99).toFixed(0)}`;
}

/** Of errors as shares: their mean with its sign, in percent. Below zero: too little was estimated. */
export function bias(errors) {
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  return `${mean < 0 ? "" : "+"}${(100 * mean).toFixed(1)}`;
}

/** The same in every run, but in no order that means something. */
export function shuffled(list) {
  return list
    .map((entry, i) => ({ entry, place: Math.imul(i + 1, 2654435761) >>> 0 }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ entry }) => entry);
}

export function grouped(list, keyOf) {
  return [...Map.groupBy(list, keyOf)].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** A table in Markdown whose columns are aligned for reading. */
export function table(head, rows) {
  const widths = head.map((title, i) =>
    Math.max(...[title, ...rows.map((row) => row[i])].map((cell) => String(cell).length)),
  );
  const line = (cells) => `| ${cells.map((cell, i) => String(cell).padEnd(widths[i])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
