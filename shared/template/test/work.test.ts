// What a rendering costs is what its steps say: the compiled library is built so that it tells of every function it
// enters and every turn of its loops, and these are counted. No clock is read.

import { readFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { compileForTest } from "../../../scripts/compile.mjs";
import { randomOf } from "../../gjson/test/random.ts";
import { randomTemplate } from "./random-template.ts";

let work = 0;
let guest: Record<string, (...args: (number | bigint)[]) => number | bigint>;
let memory: WebAssembly.Memory;

beforeAll(async () => {
  const entry = "shared/template/test/probe.ts";
  const bytes = await readFile(await compileForTest({ entry, flags: ["--runPasses", "log-execution"] }));
  const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes), {
    env: { proxy_log: () => 0, log_execution: () => void work++ },
  });
  guest = instance.exports as unknown as typeof guest;
  memory = instance.exports.memory as WebAssembly.Memory;
  guest._initialize?.();
}, 600_000);

function put(text: string): void {
  const bytes = Buffer.from(text);
  const start = Number(guest.alloc!(bytes.length)) >>> 0;
  new Uint8Array(memory.buffer, start, bytes.length).set(bytes);
}

/** Functions entered and turns of loops in a rendering, and its steps. */
function rendered(template: string, json: string, maxSteps = 1n << 40n): { work: number; steps: number } {
  put(template);
  guest.compile!();
  put(json);
  work = 0;
  guest.render!(maxSteps, 1 << 24);
  const done = { work, steps: Number(guest.spent!()) };
  guest.collect!();
  return done;
}

const sized = (count: number) =>
  JSON.stringify({
    a: {
      b: 1.5,
      s: "x<y ".repeat(count),
      n: null,
      l: Array.from({ length: count }, (_, i) => ({ k: `v${i}`, z: i })),
      e: [],
    },
    m: Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i])),
    t: true,
  });

/** Work for a step, and for what costs no step: setting up. */
const PER_STEP = 40;
const ONCE = 20_000;

test("no template does more than its steps say, whatever the size of the data", () => {
  const random = randomOf(11);
  const documents = [sized(1), sized(8), sized(64)];
  const runs = process.env.LONG === "1" ? 100_000 : 3000;
  let worst = { ratio: 0, template: "" };
  for (let i = 0; i < runs; i++) {
    const template = randomTemplate(random);
    const done = rendered(template, documents[i % 3]!, 1n << 18n);
    const ratio = done.work / (PER_STEP * done.steps + ONCE);
    if (ratio > worst.ratio) worst = { ratio, template };
  }
  expect(worst.ratio, worst.template).toBeLessThan(1);
}, 1_800_000);

test.each([
  "{{range .a.l}}{{.k | upper}}{{.z}}{{end}}",
  "{{.a.s | replace `x` `yz` | trim | trunc 9}}{{len .m}}",
  '{{regexReplaceAll "x(<)?y" .a.s "$1"}} {{regexMatch "(x+x+)+z" .a.s}}',
  "{{join `,` (keys .m)}}{{toPrettyJson .a}}{{sortAlpha (keys .m) | len}}",
  '{{gjson "a.l.#(z>5)#.k"}}{{gjson "@dig:k"}}{{without (keys .m) 1 2 | len}}',
  "{{sha1sum .a.s}}{{sha512sum .a.s}}{{b64enc .a.s}}{{uniq (values .m) | len}}",
])("ten times the data is ten times the work: %s", (template) => {
  const small = rendered(template, sized(200));
  const large = rendered(template, sized(2000));
  expect(large.work / small.work).toBeLessThan(14);
});

test("a budget ends the work, however the template asks for more", () => {
  const hungry = [
    "{{range 1000000000}}{{range 1000000000}}{{end}}{{end}}",
    '{{regexReplaceAll "(x|y|<| )*z" (repeat 1000 .a.s) "a"}}',
    "{{range .a.l}}{{range $.a.l}}{{range $.a.l}}{{len $.a.s}}{{end}}{{end}}{{end}}",
    '{{$x := "x"}}{{range 60}}{{$x = print $x $x}}{{end}}',
    '{{range .a.l}}{{trimAll $.a.s (repeat 1000 "x")}}{{without $.a.l 1}}{{end}}',
  ];
  for (const template of hungry) {
    const done = rendered(template, sized(300), 1n << 20n);
    expect(done.steps, template).toBeGreaterThan(2 ** 20);
    expect(done.work, template).toBeLessThan(PER_STEP * 2 ** 21);
  }
});
