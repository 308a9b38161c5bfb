// What the tests call: a key and a message one behind the other, a signature.

export { abort } from "as-proxy-wasm-sdk/abi/abort";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { RsaPrivateKey } from "as-proxy-wasm-sdk/crypto";

let input = new ArrayBuffer(1 << 16);
let result: Span = Span.empty();

export function alloc(size: i32): usize {
  if (size > input.byteLength) input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

export function resultStart(): usize {
  return result.start;
}

export function resultSize(): i32 {
  return result.size;
}

export function collect(): void {
  result = Span.empty();
  __collect();
}

/** 1: the result is the signature; 0: it is the key's error, or nothing for a key whose parts do not fit. */
export function sign(keySize: i32, messageSize: i32): bool {
  const both = Span.of(input).slice(0, keySize + messageSize);
  const key = RsaPrivateKey.read(both.slice(0, keySize));
  const signature = key.sign(both.slice(keySize));
  result = signature === null ? Span.text(key.error) : signature;
  return signature !== null;
}

export function bits(keySize: i32): i32 {
  return RsaPrivateKey.read(Span.of(input).slice(0, keySize)).bits;
}
