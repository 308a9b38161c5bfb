import binaryen from "binaryen";
import { writeFileSync } from "node:fs";
// strings at fixed addresses
const data = (at, s) => `(data (i32.const ${at}) "${s}")`;
function mod(name, { cbs = ["context_create", "request_headers", "request_body", "response_headers", "response_body", "log", "done", "delete"], inReq = "", inBody = "", inResp = "", n = 1, headAction = 0, bodyAction = "(i32.const 0)" }) {
  const loop = (b) => b ? `(local.set $i (i32.const ${n})) (loop $l ${b} (local.set $i (i32.sub (local.get $i) (i32.const 1))) (br_if $l (local.get $i)))` : "";
  const sig = { context_create: ["(param i32 i32)", ""], request_headers: ["(param i32 i32 i32) (result i32)", `(i32.const ${headAction})`, inReq], request_body: ["(param i32 i32 i32) (result i32)", bodyAction, inBody], response_headers: ["(param i32 i32 i32) (result i32)", "(i32.const 0)", inResp], response_body: ["(param i32 i32 i32) (result i32)", "(i32.const 0)"], log: ["(param i32)", ""], done: ["(param i32) (result i32)", "(i32.const 1)"], delete: ["(param i32)", ""] };
  const text = `(module
  (import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $hget (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $hset (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_remove_header_map_value" (func $hdel (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_header_map_pairs" (func $setpairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_log_level" (func $level (param i32) (result i32)))
  (import "env" "proxy_get_property" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $set (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $buf (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $setbuf (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func $time (param i32) (result i32)))
  (memory (export "memory") 4)
  ${data(16, "clear_route_cache")} ${data(64, "off")} ${data(80, "response\\00code_details")} ${data(128, "authorization")} ${data(160, "Bearer some-provider-key-of-usual-length-0123456789")} ${data(256, ":authority")} ${data(272, "content-length")} ${data(300,"x-none")} ${data(320,"source\\00address")}
  ${data(4096, "x".repeat(1000))}
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "malloc") (param i32) (result i32) (i32.const 65536))
  (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
  (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 1))
  ${Object.entries(sig).filter(([k]) => k === "context_create" || cbs.includes(k)).map(([k, [s, r, b]]) => `(func (export "proxy_on_${k}") ${s} (local $i i32) ${loop(b)} ${r})`).join("\n")}
  )`;
  const m = binaryen.parseText(text); m.setFeatures(binaryen.Features.All);
  writeFileSync(`/tmp/wat/${name}.wasm`, m.emitBinary());
}
mod("bare0", { cbs: ["context_create"] });
mod("bare8", {});
mod("req", { cbs: ["request_headers"] });
mod("nolog", { cbs: ["request_headers", "request_body", "response_headers", "response_body", "done", "delete"] });
const n = 20;
const c = (name, o) => mod(name, { ...o, n });
c("time", { inReq: "(drop (call $time (i32.const 8)))" });
c("level", { inReq: "(drop (call $level (i32.const 8)))" });
c("set", { inReq: "(drop (call $set (i32.const 16) (i32.const 17) (i32.const 64) (i32.const 3)))" });
c("get", { inResp: "(drop (call $get (i32.const 80) (i32.const 21) (i32.const 0) (i32.const 4)))" });
c("hset", { inReq: "(drop (call $hset (i32.const 0) (i32.const 128) (i32.const 13) (i32.const 160) (i32.const 50)))" });
c("hdelnone", { inReq: "(drop (call $hdel (i32.const 0) (i32.const 300) (i32.const 6)))" });
c("hgetnone", { inReq: "(drop (call $hget (i32.const 0) (i32.const 300) (i32.const 6) (i32.const 0) (i32.const 4)))" });
c("hget", { inReq: "(drop (call $hget (i32.const 0) (i32.const 128) (i32.const 13) (i32.const 0) (i32.const 4)))" });
c("pairs", { inReq: "(drop (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))" });
c("getbuf", { inBody: "(drop (call $buf (i32.const 0) (i32.const 0) (i32.const 65536) (i32.const 0) (i32.const 4)))" });
c("setbuf", { inBody: "(drop (call $setbuf (i32.const 0) (i32.const 0) (i32.const 23) (i32.const 4096) (i32.const 23)))" });
const hold = (name, o) => { mod(name, { ...o, n: 1 }); };

const H = { headAction: 1, bodyAction: "(i32.eqz (local.get 2))" };
const delcl = "(drop (call $hdel (i32.const 0) (i32.const 272) (i32.const 14)))";
const auth = "(drop (call $hset (i32.const 0) (i32.const 256) (i32.const 10) (i32.const 160) (i32.const 20)))";
const sb = "(drop (call $setbuf (i32.const 0) (i32.const 0) (i32.const 23) (i32.const 4096) (i32.const 23)))";
hold("hold", H); hold("hold-cl", { ...H, inReq: delcl }); hold("hold-cl-sb", { ...H, inReq: delcl, inBody: sb }); hold("cl", { inReq: delcl }); hold("auth", { inReq: auth }); hold("hold-sb", { ...H, inBody: sb });
