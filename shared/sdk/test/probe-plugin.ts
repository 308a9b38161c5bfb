// A plugin whose configuration says what it does in each callback, for tests of the SDK on a compiled module.
//
//   { "name": "a", "steps": { "requestHead": ["set x-a 1", "wait"], "reply": ["resume"] } }
//
// Every callback writes one line, `> requestBody end=true`, so that a test sees what the plugin heard.

export * from "as-proxy-wasm-sdk/sdk/exports";
import { plugin } from "as-proxy-wasm-sdk/sdk";
import { ProbeConfig } from "./probe/config";
import { Probe } from "./probe/stream";

plugin<ProbeConfig>("probe", ProbeConfig.parse, () => new Probe());
