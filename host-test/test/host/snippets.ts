// Pieces of guest code in the text format, and what tests read from the log.

import { TestChain } from "../../testing/chain.ts";
import type { TestChainOptions } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import type { GuestOptions } from "./guest.ts";

/** Where host calls put pointer and size. */
export const out = "(i32.const 16) (i32.const 20)";
/** Where host calls put a further number. */
export const number = "(i32.const 24)";

export const say = (text: string) => `(drop (call $proxy_log (i32.const 2) @"${text}"))`;
/** Logs `label=code`. */
export const code = (label: string, call: string) => `(call $code @"${label}" ${call})`;
/** Logs `label=bytes`, or `label!code`. */
export const show = (label: string, call: string) => `(call $show @"${label}" ${call})`;
export const i32 = (value: number) => `(i32.const ${value})`;

export const getHeader = (map: number, name: string) =>
  `(call $proxy_get_header_map_value ${i32(map)} @"${name}" ${out})`;
export const addHeader = (map: number, name: string, value: string) =>
  `(call $proxy_add_header_map_value ${i32(map)} @"${name}" @"${value}")`;
export const replaceHeader = (map: number, name: string, value: string) =>
  `(call $proxy_replace_header_map_value ${i32(map)} @"${name}" @"${value}")`;
export const removeHeader = (map: number, name: string) =>
  `(call $proxy_remove_header_map_value ${i32(map)} @"${name}")`;
export const getPairs = (map: number) => `(call $proxy_get_header_map_pairs ${i32(map)} ${out})`;
export const setPairs = (map: number, data: string) =>
  `(call $proxy_set_header_map_pairs ${i32(map)} @"${data}")`;
export const getBytes = (buffer: number, start = 0, length = 0x7fffffff) =>
  `(call $proxy_get_buffer_bytes ${i32(buffer)} ${i32(start)} ${i32(length)} ${out})`;
export const setBytes = (buffer: number, start: number, length: number, data: string) =>
  `(call $proxy_set_buffer_bytes ${i32(buffer)} ${i32(start)} ${i32(length)} @"${data}")`;
export const getProperty = (...path: string[]) => `(call $proxy_get_property @"${path.join("\\00")}" ${out})`;
export const setProperty = (name: string, value: string) =>
  `(call $proxy_set_property @"${name}" @"${value}")`;
export const reply = (
  status: number,
  body = "",
  headers: [string, string][] = [],
  details = "test details",
) =>
  `(call $proxy_send_local_response ${i32(status)} @"${details}" @"${body}" @"${headers.length === 0 ? "" : pairs(headers)}" ${i32(-1)})`;
export const continueStream = (type: number) => `(call $proxy_continue_stream ${i32(type)})`;
export const returns = (value: number) => `(return ${i32(value)})`;
export const drop = (call: string) => `(drop ${call})`;

/** `data` as text-format bytes. */
export const escaped = (data: Uint8Array | string) =>
  [...Buffer.from(data)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");

/** A serialized map (abi.md §5) as text-format bytes. */
export function pairs(entries: [string, string][]): string {
  const head = Buffer.alloc(4 + entries.length * 8);
  head.writeUInt32LE(entries.length);
  entries.forEach(([name, value], index) => {
    head.writeUInt32LE(Buffer.byteLength(name), 4 + index * 8);
    head.writeUInt32LE(Buffer.byteLength(value), 8 + index * 8);
  });
  return escaped(
    Buffer.concat([
      head,
      Buffer.from(
        entries
          .flat()
          .map((text) => `${text}\0`)
          .join(""),
      ),
    ]),
  );
}

export const callHeaders: [string, string][] = [
  [":method", "GET"],
  [":path", "/call"],
  [":authority", "peer"],
];

export const httpCall = (
  cluster = "peer",
  {
    headers = callHeaders,
    body = "",
    timeoutMs = 1000,
  }: { headers?: [string, string][]; body?: string; timeoutMs?: number } = {},
) => `(call $proxy_http_call @"${cluster}" @"${pairs(headers)}" @"${body}" @"" ${i32(timeoutMs)} ${number})`;

/** A global that remembers the stream between callbacks. */
export const rememberStream = "(global $stream (mut i32) (i32.const 0))";
export const remember = "(global.set $stream (local.get $0))";
export const asStream = "(drop (call $proxy_set_effective_context (global.get $stream)))";

/** A chain of one plugin with these callbacks. */
export function chainOf(
  on: Record<string, string>,
  { also, markers, wasi, memory, allocator, ...options }: GuestOptions & Partial<TestChainOptions> = {},
): TestChain {
  const guestOptions: GuestOptions = { on };
  if (also !== undefined) guestOptions.also = also;
  if (markers !== undefined) guestOptions.markers = markers;
  if (wasi !== undefined) guestOptions.wasi = wasi;
  if (memory !== undefined) guestOptions.memory = memory;
  if (allocator !== undefined) guestOptions.allocator = allocator;
  return new TestChain({ plugins: [{ module: guest(guestOptions) }], ...options });
}

/** Messages logged so far, oldest first; they are taken out. */
export function said(chain: TestChain): string[] {
  return chain.logs.splice(0).map(({ message }) => message);
}
