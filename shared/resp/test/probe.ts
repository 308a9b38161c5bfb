// Exports for tests: what a reply is read as, and how a command is written.

import { Buffer, Span, encodeHex } from "as-proxy-wasm-sdk/bytes";
import { RespCommand, RespKind, RespValue, readResp } from "as-proxy-wasm-sdk/resp";
export { abort } from "as-proxy-wasm-sdk/abi/abort";

let input = new ArrayBuffer(0);
let output = Span.empty();

export function alloc(size: i32): usize {
  input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

export function outputStart(): usize {
  return output.start;
}

export function outputSize(): i32 {
  return output.size;
}

/** Describes the reply in the input as one line of text. */
export function read(): void {
  __collect();
  const out = new Buffer(256);
  describe(readResp(Span.of(input)), out);
  output = out.take();
}

function describe(value: RespValue, out: Buffer): void {
  switch (value.kind) {
    case RespKind.Text:
      out.text(`text(${value.toString()})`);
      break;
    case RespKind.Error:
      out.text(`error(${value.toString()})`);
      break;
    case RespKind.Integer:
      out.text(`integer(${value.toInteger()})`);
      break;
    case RespKind.Bulk:
      out.text("bulk(");
      encodeHex(out, value.bytes);
      out.text(")");
      break;
    case RespKind.Null:
      if (value.isNull) out.text("null");
      break;
    case RespKind.List:
      out.text("list(");
      for (let i = 0; i < value.items.length; i++) {
        if (i > 0) out.text(",");
        describe(value.at(i), out);
      }
      out.text(")");
      break;
    default:
      if (value.isError) out.text("broken");
  }
}

/** `toInteger` and `toString` of the reply in the input. */
export function coerce(): void {
  __collect();
  const value = readResp(Span.of(input));
  output = Span.text(
    `${value.toInteger()} ${value.toString()} ${value.at(0).toInteger()} ${value.at(-1).isError}`,
  );
}

/** A command of the words in the input, which are parted by NUL; the second is also written as a number. */
export function write(): void {
  __collect();
  const words = Span.of(input);
  const first = words.indexOf(0);
  const command = new RespCommand(words.slice(0, first).toString());
  let from = first + 1;
  while (first >= 0 && from <= words.size) {
    const end = words.indexOf(0, from);
    const word = words.slice(from, end < 0 ? words.size : end);
    command.bytes(word);
    from = end < 0 ? words.size + 1 : end + 1;
  }
  output = command.integer(i64.MIN_VALUE).text("é").encode();
}
