// Whatever a plugin answers in whatever order, a message that nobody changes arrives whole, once, with its end.
// LONG=1 tries it on a real Envoy too.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findEnvoy } from "../../../host-test/envoy/binary.ts";
import { engine } from "../../../host-test/testing/scenario.ts";
import { message, program, trailers } from "./flow-programs.ts";
import { heard, probe, scripted, times } from "./probe-chain.ts";

const count = (lines: string[], line: string) => lines.filter((other) => other === line).length;
const delays = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 5 });

describe.each([
  ["higress", false],
  ["higress", true],
  ["envoy", false],
] as const)("%s, newest piece late: %s", (flavour, lateBodyBuffer) => {
  test("both directions arrive as they were sent, and the end is heard once", () => {
    const property = fc.property(program, message, message, delays, (steps, request, response, pauses) => {
      let call = 0;
      const chain = scripted(steps, {
        flavour,
        lateBodyBuffer,
        calls: () => ({ delayMs: pauses[call++ % pauses.length]! }),
        upstream: () => ({ ...sent(response), delayMs: 3 }),
      });
      const { client, upstream, record } = chain.exchange({ method: "POST", ...sent(request) });
      const lines = heard(chain);
      for (const [name, given, seen] of [
        ["request", request, upstream],
        ["response", response, client],
      ] as const) {
        const { chunks, hasTrailers } = given;
        expect([seen?.text, seen?.complete]).toEqual([chunks.join(""), true]);
        expect(seen?.trailers).toEqual(hasTrailers ? Object.entries(trailers) : undefined);
        const hasBody = chunks.length > 0 || hasTrailers;
        expect(count(lines, `${name}Head end=${!hasBody}`)).toBe(1);
        expect(count(lines, `${name}Body end=true`)).toBe(hasBody ? 1 : 0);
        expect(count(lines, `${name}Trailers`)).toBe(hasTrailers ? 1 : 0);
      }
      expect(record?.responseCode).toBe(200);
      expect(chain.problems("warn")).toEqual([]);
    });
    fc.assert(property, { numRuns: times(process.env.LONG === "1" ? 5000 : 600) });
  });
});

function sent({
  chunks,
  hasTrailers,
  isHttp2,
}: {
  chunks: string[];
  hasTrailers: boolean;
  isHttp2: boolean;
}) {
  const protocol = isHttp2 ? ("HTTP/2" as const) : ("HTTP/1.1" as const);
  return { chunks, protocol, ...(hasTrailers && { trailers }) };
}

const isLong = process.env.LONG === "1";

test.skipIf(!isLong || !(await findEnvoy()))("on a real Envoy", { timeout: 600_000 }, async () => {
  const property = fc.asyncProperty(program, message, message, async (steps, request, response) => {
    const gateway = await engine("envoy").start({
      plugins: [{ name: "probe", module: probe.envoy, configuration: { steps } }],
      upstreams: {
        "main.static": {
          reply: { chunks: response.chunks, ...(response.hasTrailers && { trailers }) },
          protocol: response.isHttp2 ? "http2" : "http1",
        },
        "check.static": {},
      },
    });
    // Over HTTP/1.1 trailers are dropped on the way, which is not what this is about.
    const hasTrailers = request.hasTrailers && request.isHttp2 && response.isHttp2;
    const answer = await gateway.send({
      method: "POST",
      chunks: request.chunks,
      protocol: request.isHttp2 ? "http2" : "http1",
      ...(hasTrailers && { trailers }),
    });
    expect([answer.status, answer.text, answer.complete]).toEqual([200, response.chunks.join(""), true]);
    const { requests } = gateway.upstream("main.static");
    expect(requests.map(({ text, complete }) => [text, complete])).toEqual([[request.chunks.join(""), true]]);
    await gateway.stop();
  });
  await fc.assert(property, { numRuns: 100, endOnFailure: true });
});
