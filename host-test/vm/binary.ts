// Reads what the link check needs from a WebAssembly binary: the engine's own reflection has names but no
// types. Layout: https://webassembly.github.io/spec/core/binary/modules.html

export interface FunctionType {
  parameters: string[];
  results: string[];
}

export interface Import {
  module: string;
  name: string;
  kind: "function" | "table" | "memory" | "global" | "tag";
  /** For functions. */
  type?: FunctionType;
  /** For memories and tables: the declared minimum and maximum. */
  limits?: Limits;
}

export interface Export {
  name: string;
  kind: "function" | "table" | "memory" | "global" | "tag";
  type?: FunctionType;
}

export interface Limits {
  minimum: number;
  maximum?: number;
}

export interface BinaryDescription {
  imports: Import[];
  /** In the order of the export section, which decides the ABI version. */
  exports: Export[];
  hasStart: boolean;
  /** The module's own memory, if it declares one, and where its section stands. */
  memory?: Limits & { sizeStart: number; sectionEnd: number };
}

/** The bytes are not a readable WebAssembly module. */
export class CorruptModule extends Error {}

const valueTypes: Record<number, string> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
  0x70: "funcref",
  0x6f: "externref",
};
const kinds = ["function", "table", "memory", "global", "tag"] as const;

class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new CorruptModule("unexpected end");
    this.at++;
    return value;
  }

  /** LEB128, unsigned. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new CorruptModule("number too long");
  }

  name(): string {
    const size = this.u32();
    const end = this.at + size;
    if (end > this.bytes.length) throw new CorruptModule("unexpected end");
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at, size).toString("utf8");
    this.at = end;
    return text;
  }

  valueType(): string {
    const code = this.byte();
    // Typed references (function-references, GC proposals) carry a heap type.
    if (code === 0x63 || code === 0x64) {
      this.u32();
      return "ref";
    }
    return valueTypes[code] ?? `type 0x${code.toString(16)}`;
  }

  limits(): Limits {
    const flags = this.byte();
    const minimum = this.u32();
    return flags & 1 ? { minimum, maximum: this.u32() } : { minimum };
  }
}

/**
 * Describes imports, exports and memory of `bytes`.
 * @throws CorruptModule when the bytes cannot be read.
 */
export function describeBinary(bytes: Uint8Array): BinaryDescription {
  if (bytes.length < 8 || bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    throw new CorruptModule("no WebAssembly header");
  }
  const types: (FunctionType | undefined)[] = [];
  const functions: number[] = [];
  const description: BinaryDescription = { imports: [], exports: [], hasStart: false };
  const reader = new Reader(bytes, 8);
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const sizeStart = reader.at;
    const size = reader.u32();
    const start = reader.at;
    const end = start + size;
    if (end > bytes.length) throw new CorruptModule("section beyond the end");
    if (id === 1) readTypes(reader, types);
    else if (id === 2) readImports(reader, types, functions, description.imports);
    else if (id === 3) for (let count = reader.u32(); count > 0; count--) functions.push(reader.u32());
    else if (id === 5) {
      if (reader.u32() > 0) description.memory = { ...reader.limits(), sizeStart, sectionEnd: end };
    } else if (id === 7) readExports(reader, types, functions, description.exports);
    else if (id === 8) description.hasStart = true;
    reader.at = end;
  }
  return description;
}

function readTypes(reader: Reader, types: (FunctionType | undefined)[]): void {
  for (let count = reader.u32(); count > 0; count--) {
    // A module of the GC proposal has other forms; its function types are then unknown, as no host function has one.
    if (reader.byte() !== 0x60) return;
    const parameters = [];
    for (let n = reader.u32(); n > 0; n--) parameters.push(reader.valueType());
    const results = [];
    for (let n = reader.u32(); n > 0; n--) results.push(reader.valueType());
    types.push({ parameters, results });
  }
}

function readImports(
  reader: Reader,
  types: (FunctionType | undefined)[],
  functions: number[],
  imports: Import[],
): void {
  for (let count = reader.u32(); count > 0; count--) {
    const module = reader.name();
    const name = reader.name();
    const kind = kinds[reader.byte()];
    if (kind === undefined) throw new CorruptModule("unknown kind of import");
    if (kind === "function") {
      const index = reader.u32();
      functions.push(index);
      const type = types[index];
      imports.push(type ? { module, name, kind, type } : { module, name, kind });
    } else if (kind === "memory") {
      imports.push({ module, name, kind, limits: reader.limits() });
    } else if (kind === "table") {
      reader.valueType();
      imports.push({ module, name, kind, limits: reader.limits() });
    } else {
      reader.valueType();
      reader.byte();
      imports.push({ module, name, kind });
    }
  }
}

function readExports(
  reader: Reader,
  types: (FunctionType | undefined)[],
  functions: number[],
  exports: Export[],
): void {
  for (let count = reader.u32(); count > 0; count--) {
    const name = reader.name();
    const kind = kinds[reader.byte()];
    if (kind === undefined) throw new CorruptModule("unknown kind of export");
    const index = reader.u32();
    const type = kind === "function" ? types[functions[index] ?? -1] : undefined;
    exports.push(type ? { name, kind, type } : { name, kind });
  }
}

/** The same module with its own memory limited to `maxPages`, so that the engine itself refuses to grow it further. */
export function limitMemory(bytes: Uint8Array, description: BinaryDescription, maxPages: number): Uint8Array {
  const memory = description.memory;
  if (!memory || (memory.maximum !== undefined && memory.maximum <= maxPages)) return bytes;
  const content = [1, 1, ...encodeU32(memory.minimum), ...encodeU32(Math.max(maxPages, memory.minimum))];
  return Buffer.concat([
    bytes.subarray(0, memory.sizeStart),
    Uint8Array.from([...encodeU32(content.length), ...content]),
    bytes.subarray(memory.sectionEnd),
  ]);
}

function encodeU32(value: number): number[] {
  const bytes = [];
  do {
    const rest = Math.floor(value / 128);
    bytes.push((value % 128) | (rest > 0 ? 0x80 : 0));
    value = rest;
  } while (value > 0);
  return bytes;
}

/** `i32 i32 -> i32`, as Envoy prints it; `void` for none. */
export function formatType(type: FunctionType): string {
  return `${type.parameters.join(" ") || "void"} -> ${type.results.join(" ") || "void"}`;
}
