// Go plugins of Higress announce an ABI version that stock Envoy does not know. For a bench they are given one that
// it does: the export is renamed in the bytes handed to Envoy, nothing else is touched.

/** `bytes` with `proxy_abi_version_0_2_100` exported as `proxy_abi_version_0_2_1`; the same where stock Envoy loads them. */
export function withStockAbiVersion(bytes: Uint8Array): Uint8Array {
  const name = Buffer.from("proxy_abi_version_0_2_100");
  const buffer = Buffer.from(bytes);
  const exported = WebAssembly.Module.exports(new WebAssembly.Module(buffer)).map((entry) => entry.name);
  if (exported.includes("proxy_abi_version_0_2_1")) return bytes;
  let at = 8;
  while (at < buffer.length) {
    const id = buffer[at]!;
    const size = unsigned(buffer, at + 1);
    const end = size.next + size.value;
    const found = id === exportSection ? buffer.subarray(size.next, end).indexOf(name) : -1;
    if (found >= 0) {
      const place = size.next + found;
      const content = Buffer.concat([
        buffer.subarray(size.next, place - 1),
        Buffer.from([name.length - 2]),
        name.subarray(0, name.length - 2),
        buffer.subarray(place + name.length, end),
      ]);
      return Buffer.concat([
        buffer.subarray(0, at + 1),
        encoded(content.length),
        content,
        buffer.subarray(end),
      ]);
    }
    at = end;
  }
  return bytes;
}

const exportSection = 7;

/** LEB128. */
function unsigned(buffer: Buffer, from: number): { value: number; next: number } {
  let value = 0;
  let next = from;
  for (let shift = 0; ; shift += 7) {
    const byte = buffer[next++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value: value >>> 0, next };
  }
}

function encoded(value: number): Buffer {
  const bytes = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}
