// Just enough of the protobuf wire format for messages that cross the ABI.
// https://protobuf.dev/programming-guides/encoding/

import type { Metadata, MetadataValue } from "./types.ts";

/** Fields of one message by number: length-delimited fields as bytes, varints as bigint; repeated fields in order. undefined: malformed. */
export function readMessage(bytes: Uint8Array): Map<number, (Uint8Array | bigint)[]> | undefined {
  const fields = new Map<number, (Uint8Array | bigint)[]>();
  let at = 0;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag === undefined) return undefined;
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (number === 0) return undefined;
    let value: Uint8Array | bigint | undefined;
    if (wire === 0) value = varint();
    else if (wire === 1 || wire === 5) value = take(wire === 1 ? 8 : 4);
    else if (wire === 2) {
      const size = varint();
      value = size === undefined ? undefined : take(Number(size));
    }
    if (value === undefined) return undefined;
    const values = fields.get(number);
    if (values === undefined) fields.set(number, [value]);
    else values.push(value);
  }
  return fields;

  function take(size: number): Uint8Array | undefined {
    if (at + size > bytes.length) return undefined;
    at += size;
    return bytes.subarray(at - size, at);
  }
}

/** Last value of a string or bytes field as latin-1; "" when absent. */
export function textField(fields: Map<number, (Uint8Array | bigint)[]>, number: number): string {
  const value = fields.get(number)?.at(-1);
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : "";
}

/** Last value of a varint field; 0 when absent. */
export function numberField(fields: Map<number, (Uint8Array | bigint)[]>, number: number): bigint {
  const value = fields.get(number)?.at(-1);
  return typeof value === "bigint" ? value : 0n;
}

export function varintBytes(value: bigint): Buffer {
  const bytes = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

/** A length-delimited field. Strings are latin-1. */
export function bytesField(number: number, value: Uint8Array | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  return Buffer.concat([varintBytes(BigInt(number * 8 + 2)), varintBytes(BigInt(bytes.length)), bytes]);
}

/** `google.protobuf.Struct`. */
export function encodeStruct(struct: Metadata): Buffer {
  return Buffer.concat(
    Object.entries(struct).map(([key, value]) =>
      bytesField(1, Buffer.concat([bytesField(1, utf8(key)), bytesField(2, encodeValue(value))])),
    ),
  );
}

/** `google.protobuf.Value`. */
function encodeValue(value: MetadataValue): Buffer {
  if (value === null) return Buffer.from([0x08, 0]);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(9);
    bytes[0] = 0x11;
    bytes.writeDoubleLE(value, 1);
    return bytes;
  }
  if (typeof value === "string") return bytesField(3, utf8(value));
  if (typeof value === "boolean") return Buffer.from([0x20, value ? 1 : 0]);
  if (Array.isArray(value))
    return bytesField(6, Buffer.concat(value.map((item) => bytesField(1, encodeValue(item)))));
  return bytesField(5, encodeStruct(value));
}

function utf8(text: string): Buffer {
  return Buffer.from(text, "utf8");
}
