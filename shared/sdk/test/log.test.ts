// Log lines: Higress's format, one line each, no secrets, nothing built that nobody reads.

import { describe, expect, test } from "vitest";
import { createChain } from "../../../host-test/host/chain.ts";
import type { LogLevel, StreamEvents } from "../../../host-test/host/types.ts";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { specOf } from "../../../host-test/testing/chain.ts";
import { probe, scripted } from "./probe-chain.ts";

const lines = (steps: string[], options = {}) => {
  const chain = scripted({ requestHead: steps }, options);
  chain.exchange({ headers: { "x-request-id": "r-1" } });
  return chain.logs.map(({ message }) => message).filter((message) => !message.includes("> "));
};

test("a line is plugin, plugin id, request id and message", () => {
  const chain = scripted({ requestHead: ["say hello"] });
  chain.exchange({ headers: { "x-request-id": "r-1" } });
  chain.exchange();
  expect(chain.logs.map(({ message }) => message).filter((message) => !message.includes("> "))).toEqual([
    "[probe] [nil] [nil] plugin start successfully",
    "[probe] [nil] [r-1] hello",
    "[probe] [nil] [nil] hello",
  ]);
});

test("the request id is also a property, before any configuration is matched", () => {
  const chain = scripted({});
  const { record } = chain.exchange({ headers: { "x-request-id": "r-1" } });
  expect(record!.filterState.get("wasm.x_request_id")).toBe("r-1");
});

describe("levels", () => {
  const all = ["debug", "info", "warn", "error"];

  test.each([
    ["trace", all, true],
    ["debug", all, true],
    ["info", all.slice(1), false],
    ["warn", all.slice(2), false],
    ["error", all.slice(3), false],
    ["critical", [], false],
  ] as const)("at %s the host is given no line below", (logLevel, expected, debugOn) => {
    for (const flavour of ["higress", "envoy"] as const) {
      const chain = scripted({ requestHead: ["levels"] }, { logLevel, flavour });
      chain.exchange();
      const said = chain.logs.map(({ message }) => message.replace(/^.*\] /, ""));
      expect(said.filter((message) => message.startsWith("at "))).toEqual(
        expected.map((level) => `at ${level}`),
      );
      if (logLevel === "trace" || logLevel === "debug" || logLevel === "info")
        expect(said).toContain(`debugOn ${debugOn}`);
    }
  });

  test("a changed level counts from the next request", () => {
    const log = {
      level: "error" as LogLevel,
      lines: [] as string[],
      write: (_level: string, _plugin: string, message: string) => log.lines.push(message),
    };
    const chain = createChain({
      plugins: [
        specOf({ module: probe.higress, configuration: { quiet: true, steps: { requestHead: ["levels"] } } }),
      ],
      flavour: "higress",
      upstreams: { has: () => false, hosts: () => [], call: () => null },
      sharedData: new LocalData(),
      clock: new VirtualClock(),
      log,
      route: () => undefined,
    });
    const events = new Proxy({}, { get: () => () => {} }) as StreamEvents;
    for (const level of ["error", "warn", "error"] as const) {
      log.level = level;
      const stream = chain.newStream(events, { source: "", destination: "", protocol: "HTTP/1.1" });
      stream.requestHeaders(
        [
          [":method", "GET"],
          [":path", "/"],
          [":authority", "a"],
          [":scheme", "http"],
        ],
        true,
      );
    }
    expect(log.lines.map((line) => line.replace(/^.*\] /, ""))).toEqual([
      "at error",
      "at warn",
      "at error",
      "at error",
    ]);
  });
});

describe("one line stays one line", () => {
  test.each([
    ["a\nb", "a\\nb"],
    ["a\r\nb", "a\\r\\nb"],
    ["a\0b\x1b[31m\x7f", "a\\x00b\\x1b[31m\\x7f"],
    ["a\tb", "a\tb"],
    ["\n", "\\n"],
    ["é漢😀\n", "é漢😀\\n"],
  ])("%j", (text, expected) => {
    expect(lines([`say ${text}`]).at(-1)).toBe(`[probe] [nil] [r-1] ${expected}`);
  });

  test("a long message is cut, between characters, and cheap whatever is in it", () => {
    const pages: number[] = [];
    const observer = { callback: ({ memoryPages }: { memoryPages: number }) => pages.push(memoryPages) };
    const long = lines([`say ${"漢".repeat(6000)}`]).at(-1);
    expect(long === `[probe] [nil] [r-1] ${"漢".repeat(5461)}…`).toBe(true);
    const controls = lines([`say ${"\x01".repeat(200_000)}`], { observer }).at(-1)!;
    expect(controls === `[probe] [nil] [r-1] ${"\\x01".repeat(16_384)}…`).toBe(true);
    expect(Math.max(...pages)).toBeLessThanOrEqual(128);
  });
});
