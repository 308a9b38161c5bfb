// Random plugins that hold, wait and resume in every callback, and random messages for them.

import fc from "fast-check";
import type { Steps } from "./probe-chain.ts";

const call = "call outbound|80||check.static 1000";
const wait = [call, "wait"];
const resumed = ["resume", "resume-response", "wait"];

/** What the plugin does with one direction. */
const side = fc.record({
  head: fc.constantFrom(["next"], ["hold"], wait, resumed),
  bodies: fc.array(fc.constantFrom(["next"], ["hold"], wait, resumed, [call, "hold"]), {
    minLength: 1,
    maxLength: 6,
  }),
  trailers: fc.constantFrom(["next"], ["hold"], wait),
});

/** A plugin that changes nothing. */
export const program: fc.Arbitrary<Steps> = fc.tuple(side, side).map(([request, response]) => ({
  requestHead: request.head,
  requestBody: request.bodies,
  requestTrailers: request.trailers,
  responseHead: response.head,
  responseBody: response.bodies,
  responseTrailers: response.trailers,
  reply: ["resume", "resume-response"],
}));

const piece = fc.string({ unit: fc.constantFrom(..."abcdef"), minLength: 1, maxLength: 40 });

export const message = fc.record({
  chunks: fc.array(piece, { maxLength: 6 }),
  hasTrailers: fc.boolean(),
  isHttp2: fc.boolean(),
});

export const trailers = { "x-end": "1" };
