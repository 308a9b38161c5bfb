// `node shared/json/test/scan.bench.mjs`: how many times faster than JSON.parse the same bytes are read here.
// Columns: against JSON.parse of a string, against decoding the bytes and JSON.parse, and bytes a nanosecond.

import { setFlagsFromString } from "node:v8";
import { loadProbe } from "../../../host-test/testing/probe.ts";
import { randomFrom } from "./documents.ts";

// Envoy compiles with the optimising compiler only.
setFlagsFromString("--no-liftoff");

const size = 100_000;
const random = randomFrom(1);
const words =
  "the gateway reads a prompt once and looks at what it needs to know before it lets the rest flow".split(
    " ",
  );

function prose(length) {
  let text = "";
  while (text.length < length)
    text += words[Math.floor(random() * words.length)] + (random() < 0.06 ? '.\n"Yes" ' : " ");
  return text;
}

function filled(first, list, item, last) {
  const body = { ...first, [list]: [] };
  for (let length = 0; length < size; length += JSON.stringify(body[list].at(-1)).length)
    body[list].push(item());
  return Buffer.from(JSON.stringify({ ...body, ...last }));
}

const bodies = {
  "chat body": filled(
    { temperature: 0.7 },
    "messages",
    () => ({ role: "user", content: prose(200 + random() * 2000) }),
    { model: "m" },
  ),
  "chat body, Chinese": filled(
    {},
    "messages",
    () => ({ role: "user", content: "网关只看它需要的字段。".repeat(1 + random() * 60) }),
    { model: "m" },
  ),
  "tool list": filled(
    {},
    "tools",
    () => ({
      type: "function",
      function: {
        name: "look_up",
        description: prose(60),
        parameters: {
          type: "object",
          properties: { city: { type: "string" }, days: { type: "integer" } },
          required: ["city"],
        },
      },
    }),
    { model: "m" },
  ),
  "stream event": Buffer.from(
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}',
  ),
};

/** Nanoseconds of one call: the best of many rounds, as the machine is shared. */
function time(call, repeat, between = () => {}) {
  let best = Infinity;
  for (let round = 0; round < 40; round++) {
    between();
    const start = process.hrtime.bigint();
    for (let i = 0; i < repeat; i++) call();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / repeat);
  }
  return best;
}

for (const [build, flags] of [
  ["SIMD", []],
  ["scalar", ["--disable", "simd"]],
]) {
  const probe = await loadProbe("shared/json/test/probe.ts", { flags });
  const { exports } = probe;
  console.log(`\n${build} build, ${probe.moduleBytes} bytes with the test's own functions`);
  console.log(`${"".padEnd(42)}   parse   decode     GB/s`);
  for (const [name, bytes] of Object.entries(bodies)) {
    const text = bytes.toString();
    const repeat = Math.max(10, Math.round(2_000_000 / bytes.length));
    const parse = time(() => JSON.parse(text), repeat);
    const decode = time(() => JSON.parse(bytes.toString()), repeat);
    const line = (what, nanoseconds) => {
      const ratios = [parse, decode, bytes.length].map((amount) =>
        (amount / nanoseconds).toFixed(2).padStart(7),
      );
      console.log(`${name.padEnd(19)} ${what.padEnd(22)} ${ratios.join("  ")}`);
    };

    if (name === "stream event") {
      probe.put(bytes);
      line("read the content", time(exports.readEvent, repeat, exports.collect));
    } else {
      probe.put(Buffer.concat([Buffer.from("model\0"), bytes]));
      line("read the last member", time(exports.open, repeat, exports.collect));
    }
    probe.put(Buffer.concat([Buffer.from("\0"), bytes]));
    exports.open();
    line("read and write it all", time(exports.rewrite, repeat, exports.collect));
    probe.put(Buffer.from("model"));
    exports.seekStart();
    const body = probe.put(bytes);
    line("check it all", time(exports.check, repeat, exports.collect));
    const seek = () => {
      exports.seekAgain();
      for (let at = 0; at < bytes.length; at += 16_384)
        exports.seekFeed(body + at, Math.min(16_384, bytes.length - at));
    };
    line("seek, 16 KiB windows", time(seek, repeat, exports.collect));
  }
}
