/** Adds up the samples of several Prometheus texts that name the same series. Types and order are those of the first mention. */
export function mergePrometheus(texts: string[]): string {
  const types = new Map<string, string>();
  const families = new Map<string, Map<string, number>>();
  for (const line of texts.flatMap((text) => text.split("\n"))) {
    const type = /^# TYPE (\S+) /.exec(line);
    if (type) types.set(type[1]!, line);
    const sample = /^([A-Za-z_:][\w:]*)(\{.*\})? (\S+)$/.exec(line);
    if (!sample) continue;
    const [, name = "", labels = "", value] = sample;
    const samples = families.get(name) ?? new Map<string, number>();
    families.set(name, samples.set(labels, (samples.get(labels) ?? 0) + Number(value)));
  }
  const lines: string[] = [];
  for (const [name, samples] of families) {
    const type = types.get(name);
    if (type !== undefined) lines.push(type);
    for (const [labels, value] of samples) lines.push(`${name}${labels} ${value}`);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
