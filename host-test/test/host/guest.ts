// Tiny modules for host tests, written as the bodies of callbacks in the text format.
//
// `@"text"` stands for the pointer and the size of that text. A function of the ABI is imported when it is
// called. `$code`, `$show` and `$number` log what a host call answered, so that a test reads it in the log.

import wabtInit from "wabt";
import {
  environmentSignatures,
  exportSignatures,
  exportSignatures010,
  versionedSignatures,
  wasiSignatures,
} from "../../vm/signatures.ts";

const wabt = await wabtInit();
const features = {
  bulk_memory: true,
  simd: true,
  mutable_globals: true,
  sign_extension: true,
  multi_value: true,
};

/** Any text-format module to bytes. */
export function wat(text: string): Uint8Array {
  const module = wabt.parseWat("guest.wat", asciiOnly(text), features);
  try {
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
}

/** The parser writes one byte per UTF-16 unit: other characters become escaped UTF-8. */
function asciiOnly(text: string): string {
  return text.replaceAll(/[\u0080-\u{10ffff}]+/gu, (part) =>
    [...Buffer.from(part)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

export interface GuestOptions {
  /** Exported markers, in order. Default: 0.2.100 and 0.2.1, as our builds have them. */
  markers?: string[];
  /** Callback → body. Parameters are `$0`, `$1`, …; a result of 0 (or 1 for start and configure) is supplied. */
  on?: Record<string, string>;
  /** Further definitions: functions, globals. */
  also?: string;
  /** Module of WASI imports. */
  wasi?: string;
  /** Pages of memory at start, and at most. Default `2`. */
  memory?: string;
  /** Replaces the allocator; `""` for none. */
  allocator?: string;
}

const returnsOne = new Set(["proxy_on_vm_start", "proxy_on_configure", "proxy_on_done"]);
const firstText = 2048;

/** Bytes of a module with these callbacks. */
export function guest({ on = {}, also = "", ...options }: GuestOptions = {}): Uint8Array {
  const markers = options.markers ?? ["proxy_abi_version_0_2_100", "proxy_abi_version_0_2_1"];
  const bodies = Object.entries(on).map(([name, body]) => callback(name, body, markers));
  const allocator =
    options.allocator ?? `(func (export "malloc") (param i32) (result i32) (call $allocate (local.get 0)))`;
  const source = [allocator, also, ...bodies, prelude].join("\n");
  const { text, data } = placeTexts(source);
  return wat(`(module
    ${imports(text, options.wasi ?? "wasi_snapshot_preview1")}
    (memory (export "memory") ${options.memory ?? "2"})
    (global $heap (mut i32) (i32.const 65536))
    ${markers.map((name) => `(func (export "${name}"))`).join("\n")}
    ${data}
    ${text})`);
}

function callback(name: string, body: string, markers: string[]): string {
  const older = markers[0] === "proxy_abi_version_0_1_0" ? exportSignatures010 : {};
  const signature =
    { ...exportSignatures, ...older, _initialize: ">", _start: ">", main: "ii>i", __main_void: ">i" }[name] ??
    ">";
  const [parameters = "", results = ""] = signature.split(">");
  const declared = [...parameters].map((_, index) => `(param $${index} i32)`).join(" ");
  const result = results === "" ? "" : "(result i32)";
  const supplied = results === "" ? "" : `(i32.const ${returnsOne.has(name) ? 1 : 0})`;
  const locals = "(local $a i32) (local $b i32) (local $long i64)";
  return `(func (export "${name}") ${declared} ${result} ${locals} ${body} ${supplied})`;
}

/** Puts every `@"text"` into memory once. */
function placeTexts(source: string): { text: string; data: string } {
  const places = new Map<string, number>();
  let next = firstText;
  const text = source.replaceAll(/@"((?:[^"\\]|\\.)*)"/g, (_match, literal: string) => {
    const size = sizeOf(literal);
    let at = places.get(literal);
    if (at === undefined) {
      at = next;
      places.set(literal, at);
      next += size;
    }
    return `(i32.const ${at}) (i32.const ${size})`;
  });
  const data = [...places].map(([literal, at]) => `(data (i32.const ${at}) "${literal}")`).join("\n");
  return { text, data };
}

/** Bytes of a text-format string: `\hh` is one byte, other text is UTF-8. */
function sizeOf(literal: string): number {
  return Buffer.byteLength(literal.replaceAll(/\\(?:[0-9a-fA-F]{2}|.)/g, "x"));
}

function imports(text: string, wasiModule: string): string {
  const environment: Record<string, string> = {
    ...environmentSignatures,
    ...versionedSignatures["0.1.0"],
    ...versionedSignatures["0.2.x"],
    ...versionedSignatures["0.2.1"],
    ...versionedSignatures.higress,
  };
  const called = new Set([...text.matchAll(/call \$([a-z0-9_]+)/g)].map((match) => match[1]!));
  return [...called]
    .flatMap((name) => {
      const signature = environment[name] ?? wasiSignatures[name];
      if (signature === undefined) return [];
      const module = Object.hasOwn(environment, name) ? "env" : wasiModule;
      return [`(import "${module}" "${name}" (func $${name} ${typeText(signature)}))`];
    })
    .join("\n");
}

function typeText(signature: string): string {
  const names: Record<string, string> = { i: "i32", I: "i64" };
  const [parameters = "", results = ""] = signature.split(">");
  const declared = [...parameters].map((letter) => names[letter]).join(" ");
  return `${declared === "" ? "" : `(param ${declared})`} ${results === "" ? "" : "(result i32)"}`;
}

// Memory: 16 pointer out, 20 size out, 24 further out (u32 or u64), 64.. scratch for log lines, 2048.. texts.
const prelude = `
  (func $allocate (param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (block $enough
      (br_if $enough (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
      (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u
        (i32.sub (global.get $heap) (i32.mul (memory.size) (i32.const 65536))) (i32.const 16))))))
    (local.get $at))

  ;; Logs "label=number" at level info.
  (func $code (param $label i32) (param $size i32) (param $value i32)
    (call $number (local.get $label) (local.get $size) (i64.extend_i32_u (local.get $value))))

  (func $number (param $label i32) (param $size i32) (param $value i64) (local $at i32) (local $digits i32)
    (memory.copy (i32.const 64) (local.get $label) (local.get $size))
    (i32.store8 (i32.add (i32.const 64) (local.get $size)) (i32.const 61))
    (local.set $at (i32.const 1000))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $value) (i64.const 10)))))
      (local.set $value (i64.div_u (local.get $value) (i64.const 10)))
      (br_if $next (i64.ne (local.get $value) (i64.const 0))))
    (local.set $digits (i32.sub (i32.const 1000) (local.get $at)))
    (memory.copy (i32.add (i32.const 65) (local.get $size)) (local.get $at) (local.get $digits))
    (drop (call $proxy_log (i32.const 2) (i32.const 64)
      (i32.add (i32.const 1) (i32.add (local.get $size) (local.get $digits))))))

  ;; Logs "label=bytes" for the bytes at the out pointers, and "label!code" when the code is not 0.
  (func $show (param $label i32) (param $size i32) (param $code i32)
    (memory.copy (i32.const 64) (local.get $label) (local.get $size))
    (if (i32.eqz (local.get $code)) (then
      (i32.store8 (i32.add (i32.const 64) (local.get $size)) (i32.const 61))
      (memory.copy (i32.add (i32.const 65) (local.get $size)) (i32.load (i32.const 16)) (i32.load (i32.const 20)))
      (drop (call $proxy_log (i32.const 2) (i32.const 64)
        (i32.add (i32.const 1) (i32.add (local.get $size) (i32.load (i32.const 20)))))))
    (else
      (i32.store8 (i32.add (i32.const 64) (local.get $size)) (i32.const 33))
      (i32.store8 (i32.add (i32.const 65) (local.get $size)) (i32.add (i32.const 48) (local.get $code)))
      (drop (call $proxy_log (i32.const 2) (i32.const 64) (i32.add (i32.const 2) (local.get $size)))))))`;
