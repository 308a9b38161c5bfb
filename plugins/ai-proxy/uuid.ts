// Random UUIDs, version 4 (RFC 9562 §5.4).

import { random } from "as-proxy-wasm-sdk/sdk";

export function uuid(): string {
  const high = hexDigits(random());
  const low = hexDigits((random() >> 2) | 0x8000000000000000);
  const start = `${high.substring(0, 8)}-${high.substring(8, 12)}-4${high.substring(13)}`;
  return `${start}-${low.substring(0, 4)}-${low.substring(4)}`;
}

function hexDigits(value: u64): string {
  return value.toString(16).padStart(16, "0");
}
