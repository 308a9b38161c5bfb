// Random plugin pairs and exchanges. One seed gives one case, for ever. What a plugin does in a callback is
// drawn: reads and changes of headers, body and trailers, waiting for a call, local replies, and every return
// value that a plugin may use. Everything it sees goes to the log.

import { guest } from "../guest.ts";
import { code, getBytes, getHeader, getProperty, pairs, reply, say, show } from "../snippets.ts";

export interface Case {
  seed: number;
  modules: [Uint8Array, Uint8Array];
  method: "GET" | "POST";
  chunks: string[];
  trailers: boolean;
  upstreamChunks: string[];
  upstreamTrailers: boolean;
}

/** Path of the call that plugins make; everything else is the exchange. */
export const callPath = "/call";
export const cluster = "up";

type Direction = "request" | "response";

class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 2654435761) & 0x7fffffff;
    this.below(2);
  }

  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((this.#state / 0x80000000) * bound);
  }

  /** True once in `count` times. */
  once(count: number): boolean {
    return this.below(count) === 0;
  }

  of<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!;
  }
}

export function generate(seed: number): Case {
  const draw = new Draw(seed);
  const modules: [Uint8Array, Uint8Array] = [plugin(draw, "a"), plugin(draw, "b")];
  const method = draw.once(4) ? "GET" : "POST";
  const chunks = method === "GET" ? [] : text(draw, "QWERTY", 1 + draw.below(3));
  const upstreamChunks = draw.once(3) ? [] : text(draw, "uvwxyz", 1 + draw.below(3));
  return {
    seed,
    modules,
    method,
    chunks,
    trailers: method === "POST" && draw.once(4),
    upstreamChunks,
    upstreamTrailers: upstreamChunks.length > 0 && draw.once(4),
  };
}

function text(draw: Draw, letters: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => letters[index]!.repeat(1 + draw.below(5)));
}

function plugin(draw: Draw, name: string): Uint8Array {
  const on: Record<string, string> = {
    proxy_on_log: `${say(`${name} log`)} ${show("ended", getProperty("response", "code_details"))} ${reads(draw, `${name} log`)}`,
  };
  for (const direction of ["request", "response"] as const) {
    const label = `${name} ${direction}`;
    on[`proxy_on_${direction}_headers`] = headers(draw, direction, `${label} headers`);
    on[`proxy_on_${direction}_body`] = body(draw, direction, `${label} body`);
    on[`proxy_on_${direction}_trailers`] =
      `${say(`${label} trailers`)} ${steps(draw, direction, `${label} trailers`)} ${maybeReply(draw)}`;
  }
  if (draw.once(3)) wait(draw, name, on);
  return guest({
    markers: ["proxy_abi_version_0_2_1"],
    also: `(global $stream (mut i32) (i32.const 0)) (global $called (mut i32) (i32.const 0))`,
    on,
  });
}

function headers(draw: Draw, direction: Direction, label: string): string {
  const value = draw.of([0, 0, 0, 1, 1, 2]);
  // Value 1 at the end of the message would wait for ever.
  const returns =
    value === 1
      ? "(if (i32.eqz (local.get $2)) (then (return (i32.const 1))))"
      : `(return (i32.const ${value}))`;
  return `${say(label)} (call $code @"end" (local.get $2)) ${steps(draw, direction, label)} ${maybeReply(draw)} ${returns}`;
}

function body(draw: Draw, direction: Direction, label: string): string {
  const meanwhile = draw.of([0, 0, 1, 1, 2, 3]);
  const last = draw.once(12) ? draw.of([1, 2, 3]) : 0;
  const type = direction === "request" ? 0 : 1;
  const onward = last !== 0 && draw.once(2) ? `(drop (call $proxy_continue_stream (i32.const ${type})))` : "";
  return `${say(label)} (call $code @"size" (local.get $1)) (call $code @"end" (local.get $2))
    ${steps(draw, direction, label)} ${maybeReply(draw)}
    (if (local.get $2) (then ${onward} (return (i32.const ${last})))) (return (i32.const ${meanwhile}))`;
}

/** Makes one callback wait for a call, whose answer works on the stream and lets it go on or replies. */
function wait(draw: Draw, name: string, on: Record<string, string>): void {
  const phase = draw.of([
    "request_headers",
    "request_body",
    "response_headers",
    "response_body",
    "response_trailers",
  ]);
  const direction = phase.startsWith("request") ? "request" : "response";
  // Not request trailers: while it connects, Envoy's router sends them although a plugin holds them.
  const request = pairs([
    [":method", "GET"],
    [":path", callPath],
    [":authority", "peer"],
  ]);
  const value = phase.endsWith("headers") ? draw.of([4, 4, 3]) : 1;
  const call = `(global.set $stream (local.get $0))
    (drop (call $proxy_http_call @"${cluster}" @"${request}" @"" @"" (i32.const 1000) (i32.const 24)))
    (return (i32.const ${value}))`;
  const old = on[`proxy_on_${phase}`]!;
  on[`proxy_on_${phase}`] = phase.endsWith("body")
    ? `${say(`${name} waits`)} (if (i32.and (local.get $2) (i32.eqz (global.get $called)))
        (then (global.set $called (i32.const 1)) ${call})) ${old}`
    : `${say(`${name} waits`)} ${call}`;
  const type = direction === "request" ? 0 : 1;
  on["proxy_on_http_call_response"] = `${say(`${name} answered`)}
    (drop (call $proxy_set_effective_context (global.get $stream))) ${steps(draw, direction, `${name} answered`)}
    ${draw.once(6) ? code("reply", reply(418, "reply")) : `(drop (call $proxy_continue_stream (i32.const ${type})))`}`;
}

function maybeReply(draw: Draw): string {
  return draw.once(14) ? code("reply", reply(418, "reply body")) : "";
}

/** Up to three reads and changes. */
function steps(draw: Draw, direction: Direction, label: string): string {
  return several(draw, () => (draw.once(2) ? read(draw, direction, label) : change(draw, direction, label)));
}

/** In the log. Not the body: Envoy 1.40 reads freed memory there once a chunk was dropped, and crashes. */
function reads(draw: Draw, label: string): string {
  return several(draw, () =>
    draw.of([
      code(`${label}: header`, getHeader(2, ":status")),
      code(`${label}: trailer`, getHeader(3, "t")),
      show(`${label}: details`, getProperty("response", "code_details")),
      code(`${label}: method`, getHeader(0, ":method")),
    ]),
  );
}

function several(draw: Draw, one: () => string): string {
  return Array.from({ length: draw.below(4) }, one).join(" ");
}

function read(draw: Draw, direction: Direction, label: string): string {
  const map = direction === "request" ? 0 : 2;
  return draw.of([
    code(`${label}: header`, getHeader(map, map === 0 ? ":path" : ":status")),
    show(`${label}: body`, getBytes(direction === "request" ? 0 : 1)),
    code(`${label}: trailer`, getHeader(map + 1, "t")),
    show(`${label}: details`, getProperty("response", "code_details")),
    code(`${label}: method`, getHeader(0, ":method")),
  ]);
}

function change(draw: Draw, direction: Direction, label: string): string {
  const map = direction === "request" ? 0 : 2;
  const buffer = direction === "request" ? 0 : 1;
  const set = (start: number, length: number, data: string) =>
    `(call $proxy_set_buffer_bytes (i32.const ${buffer}) (i32.const ${start}) (i32.const ${length}) @"${data}")`;
  const first = label[0]!;
  return draw.of([
    code(
      `${label}: add`,
      `(call $proxy_add_header_map_value (i32.const ${map}) @"x-${label.replaceAll(" ", "-")}" @"v")`,
    ),
    code(
      `${label}: replace`,
      `(call $proxy_replace_header_map_value (i32.const ${map}) @"x-same" @"${label}")`,
    ),
    code(`${label}: prepend`, set(0, draw.below(3), `<${first}`)),
    code(`${label}: append`, set(1_000_000, 0, `${first}>`)),
    code(`${label}: whole`, set(0, 1_000_000, `[${label}]`)),
    code(`${label}: length`, `(call $proxy_remove_header_map_value (i32.const ${map}) @"content-length")`),
  ]);
}
