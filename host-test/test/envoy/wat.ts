// Small Proxy-Wasm modules for tests, assembled from text: only what the test is about is written down. What
// a module observes it notes in a trace, which goes to the client as header `x-trace`.

import loadWabt from "wabt";
import { environmentSignatures, exportSignatures, typeOf, versionedSignatures } from "../../vm/signatures.ts";

/** Callbacks of a module by the end of their export's name (`request_headers`), each the body of a function. */
export type Callbacks = Partial<Record<keyof typeof parameterNames, string>>;

const parameterNames = {
  vm_start: ["id", "size"],
  configure: ["id", "size"],
  context_create: ["id", "parent"],
  request_headers: ["id", "count", "eos"],
  request_body: ["id", "size", "eos"],
  request_trailers: ["id", "count"],
  response_headers: ["id", "count", "eos"],
  response_body: ["id", "size", "eos"],
  response_trailers: ["id", "count"],
  http_call_response: ["id", "token", "headers", "body", "trailers"],
  log: ["id"],
} as const;

/** The map and buffer numbers of the ABI. */
export const request = 0;
export const requestTrailers = 1;
export const response = 2;
export const responseTrailers = 3;
export const callResponse = 6;
export const requestBody = 0;
export const responseBody = 1;
export const callBody = 4;

const traceStart = 16_384;
const traceCapacity = 16_384;
const heapStart = 65_536;

const wabt = await loadWabt();

/**
 * Assembles a module. Locals `$r`, `$s` and `$t` are there in every callback; a callback that is not given is
 * not exported, except that `response_headers` sends the trace. `declarations` are further imports.
 */
export function assemble(
  write: (text: Writer) => Callbacks,
  { functions = "", declarations = "" } = {},
): Uint8Array {
  const writer = new Writer();
  const callbacks = { response_headers: `${writer.sendTrace()} (i32.const 0)`, ...write(writer) };
  const exported = Object.entries(callbacks).map(([name, body]) => callback(name as keyof Callbacks, body));
  const code = [...exported, functions, runtime].join("\n");
  const text = `(module ${declarations} ${imports(code)} ${memory} ${writer.data()} ${code})`;
  return wabt.parseWat("module.wat", text).toBinary({}).buffer;
}

/** Writes snippets; text goes into the module's data. */
export class Writer {
  #data: [offset: number, bytes: Buffer][] = [];
  #end = 64;

  /** Two operands: address and size of a text, one byte per character. */
  text(value: string): string {
    const bytes = Buffer.from(value, "latin1");
    const offset = this.#end;
    this.#data.push([offset, bytes]);
    this.#end += bytes.length;
    if (this.#end > traceStart) throw new Error("too much text for the test module");
    return `(i32.const ${offset}) (i32.const ${bytes.length})`;
  }

  /** Appends to the trace; `$name` stands for the number in that local. */
  note(template: string): string {
    const parts = template.split(/(\$\w+)/).filter((part) => part !== "");
    return parts
      .map((part) =>
        part.startsWith("$") ? `(call $note_number (local.get ${part}))` : `(call $note ${this.text(part)})`,
      )
      .join(" ");
  }

  /** Adds the trace so far to the headers, by default the response's, and starts a new one. */
  sendTrace(map = response): string {
    return `(drop (call $proxy_add_header_map_value (i32.const ${map}) ${this.text("x-trace")}
      (i32.const ${traceStart}) (global.get $traced))) (global.set $traced (i32.const 0))`;
  }

  /** Logs the trace so far at info and starts a new one. */
  logTrace(): string {
    return `(drop (call $proxy_log (i32.const 2) (i32.const ${traceStart}) (global.get $traced)))
      (global.set $traced (i32.const 0))`;
  }

  /** `level`: 2 is info, 4 error. */
  log(message: string, level = 2): string {
    return `(drop (call $proxy_log (i32.const ${level}) ${this.text(message)}))`;
  }

  /** Sets `$r` to the status. */
  setHeader(map: number, name: string, value: string): string {
    return `(local.set $r (call $proxy_replace_header_map_value (i32.const ${map}) ${this.text(name)} ${this.text(value)}))`;
  }

  /** Sets `$r` to the status. */
  removeHeader(map: number, name: string): string {
    return `(local.set $r (call $proxy_remove_header_map_value (i32.const ${map}) ${this.text(name)}))`;
  }

  /** Notes `STATUS:VALUE;`. */
  noteHeader(map: number, name: string): string {
    return `(local.set $r (call $proxy_get_header_map_value (i32.const ${map}) ${this.text(name)} (i32.const 0) (i32.const 4)))
      ${this.note("$r:")} (call $note_result (local.get $r)) ${this.note(";")}`;
  }

  /** Notes `STATUS:BYTES;`. */
  noteBuffer(buffer: number, start = 0, length = 0x7fffffff): string {
    return `(local.set $r (call $proxy_get_buffer_bytes (i32.const ${buffer}) (i32.const ${start}) (i32.const ${length}) (i32.const 0) (i32.const 4)))
      ${this.note("$r:")} (call $note_result (local.get $r)) ${this.note(";")}`;
  }

  /** Sets `$r` to the status. */
  setBuffer(buffer: number, start: number, length: number, data: string): string {
    return `(local.set $r (call $proxy_set_buffer_bytes (i32.const ${buffer}) (i32.const ${start}) (i32.const ${length}) ${this.text(data)}))`;
  }

  /** Calls GET / of a cluster. Sets `$r` to the status; the token is at address 8. */
  httpCall(cluster: string, timeoutMs = 0, headers: [string, string][] = callHeaders): string {
    return `(local.set $r (call $proxy_http_call ${this.text(cluster)} ${this.text(serialize(headers))}
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const ${timeoutMs}) (i32.const 8)))`;
  }

  /** Sets `$r` to the status. */
  reply(status: number, body: string, headers: [string, string][] = []): string {
    return `(local.set $r (call $proxy_send_local_response (i32.const ${status}) ${this.text("test module")}
      ${this.text(body)} ${this.text(serialize(headers))} (i32.const -1)))`;
  }

  /** Goes on with the stream that the last `request_headers` was for: 0 request, 1 response. */
  resume(direction: 0 | 1): string {
    return `(drop (call $proxy_set_effective_context (global.get $stream)))
      (drop (call $proxy_continue_stream (i32.const ${direction})))`;
  }

  data(): string {
    return this.#data
      .map(([offset, bytes]) => `(data (i32.const ${offset}) "${[...bytes].map(escapeByte).join("")}")`)
      .join("\n");
  }
}

export const callHeaders: [string, string][] = [
  [":method", "GET"],
  [":path", "/"],
  [":authority", "call.test"],
];

/** The ABI's form of a map of headers. */
export function serialize(headers: [string, string][]): string {
  if (headers.length === 0) return "";
  const sizes = Buffer.alloc(4 + headers.length * 8);
  sizes.writeUInt32LE(headers.length);
  headers.forEach(([name, value], i) => {
    sizes.writeUInt32LE(name.length, 4 + i * 8);
    sizes.writeUInt32LE(value.length, 8 + i * 8);
  });
  return sizes.toString("latin1") + headers.map(([name, value]) => `${name}\0${value}\0`).join("");
}

function callback(name: keyof Callbacks, body: string): string {
  const exportName = `proxy_on_${name}` as keyof typeof exportSignatures;
  const { results } = typeOf(exportSignatures[exportName]);
  const parameters = parameterNames[name].map((one) => `(param $${one} i32)`).join(" ");
  const result = results.length > 0 ? "(result i32)" : "";
  // So that callbacks of the root context can find the stream again.
  const remember = name === "request_headers" ? "(global.set $stream (local.get $id))" : "";
  return `(func (export "${exportName}") ${parameters} ${result} (local $r i32) (local $s i32) (local $t i32) ${remember} ${body})`;
}

const hostFunctions: Record<string, string> = { ...environmentSignatures, ...versionedSignatures["0.2.x"] };

function imports(code: string): string {
  const names = new Set([...code.matchAll(/\$(proxy_\w+)/g)].map(([, name]) => name!));
  return [...names]
    .map((name) => {
      const signature = hostFunctions[name];
      if (signature === undefined) throw new Error(`${name} is no host function`);
      const { parameters, results } = typeOf(signature);
      return `(import "env" "${name}" (func $${name} (param ${parameters.join(" ")}) (result ${results.join(" ")})))`;
    })
    .join("\n");
}

const memory = `
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const ${heapStart}))
  (global $traced (mut i32) (i32.const 0))
  (global $stream (mut i32) (i32.const 0))`;

// Addresses 0 and 4 take results (address, size), 8 to 15 tokens and other numbers.
const runtime = `
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param $size i32) (result i32) (local $start i32)
    (local.set $start (global.get $heap))
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (block $enough (loop $more
      (br_if $enough (i32.le_u (global.get $heap) (i32.shl (memory.size) (i32.const 16))))
      (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (return (i32.const 0))))
      (br $more)))
    (local.get $start))
  (func $note (param $start i32) (param $size i32)
    (if (i32.gt_u (i32.add (global.get $traced) (local.get $size)) (i32.const ${traceCapacity})) (then (return)))
    (memory.copy (i32.add (i32.const ${traceStart}) (global.get $traced)) (local.get $start) (local.get $size))
    (global.set $traced (i32.add (global.get $traced) (local.get $size))))
  (func $note_number (param $value i32) (local $digit i32)
    (if (i32.ge_u (local.get $value) (i32.const 10))
      (then (call $note_number (i32.div_u (local.get $value) (i32.const 10)))))
    (i32.store8 (i32.const 16) (i32.add (i32.const 48) (i32.rem_u (local.get $value) (i32.const 10))))
    (call $note (i32.const 16) (i32.const 1)))
  (func $note_result (param $status i32)
    (if (i32.eqz (local.get $status))
      (then (call $note (i32.load (i32.const 0)) (i32.load (i32.const 4))))))`;

function escapeByte(byte: number): string {
  return `\\${byte.toString(16).padStart(2, "0")}`;
}
