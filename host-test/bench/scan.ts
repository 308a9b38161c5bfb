// How fast the guest finds `model` in a chat body, against JSON.parse of the same text.

import { chatRequest } from "./bodies.ts";
import { race, type Timing } from "./measure.ts";
import { guest } from "./modules.ts";

interface Scan {
  memory: WebAssembly.Memory;
  room(size: number): number;
  byPath(): number;
  byWindows(): number;
  _initialize(): void;
}

/** Ratios are to `JSON.parse`: 0.1 means ten times as fast. */
export async function scanRace(): Promise<{ body: string; timings: Timing[] }[]> {
  const module = new WebAssembly.Module((await guest("scan")) as BufferSource);
  const none = () => 0;
  const imports = {
    env: { proxy_log: none },
    wasi_snapshot_preview1: { clock_time_get: none, random_get: none },
  };
  const scan = new WebAssembly.Instance(module, imports).exports as unknown as Scan;
  scan._initialize();
  const results = [];
  for (const [label, modelLast] of [
    ["100 KB chat body, model first", false],
    ["100 KB chat body, model last", true],
  ] as const) {
    const body = chatRequest(100_000, modelLast);
    const text = Buffer.from(body).toString();
    const address = scan.room(body.length);
    new Uint8Array(scan.memory.buffer, address, body.length).set(body);
    const expected = JSON.stringify((JSON.parse(text) as { model: string }).model).length;
    if (scan.byPath() !== expected || scan.byWindows() !== expected)
      throw new Error("the scanner found something else");
    results.push({
      body: label,
      timings: race([
        { name: "JSON.parse", run: () => void (JSON.parse(text) as { model: string }).model },
        { name: "by path", run: () => void scan.byPath() },
        { name: "by windows", run: () => void scan.byWindows() },
      ]),
    });
  }
  return results;
}
