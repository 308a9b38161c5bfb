// A transparent mcp-proxy cannot be told from the server behind it: the conformance suite comes to the same result,
// check by check, with each of them.

import { afterAll, beforeAll, expect, test } from "vitest";
import { describeEngines } from "../../../host-test/testing/scenario.ts";
import { resultsOf } from "./conformance-suite.ts";
import { proxied } from "./proxy.ts";
import { startEarlier } from "./reference/earlier.ts";
import { startLater } from "./reference/later.ts";

const references = [
  { revision: "2025-11-25", reference: await startEarlier() },
  { revision: "2026-07-28", reference: await startLater("reject") },
];
const direct = new Map<string, Record<string, string[]>>();

beforeAll(async () => {
  for (const { revision, reference } of references)
    direct.set(revision, await resultsOf(reference.url, revision));
});

afterAll(() => Promise.all(references.map(({ reference }) => reference.close())));

test.each(references)("$revision: the suite has something to say of the server itself", ({ revision }) => {
  const checks = Object.values(direct.get(revision)!).flat();
  expect(checks.filter((check) => check.endsWith(": SUCCESS")).length).toBeGreaterThan(60);
});

describeEngines("the conformance suite through mcp-proxy", (engine) => {
  const gateways = references.map(({ revision, reference }) => {
    const server = { ...proxied, mcpServerURL: reference.url, transparent: true };
    const gateway = engine.shared({
      plugins: [{ plugin: "rest-to-mcp", configuration: { server } }],
      upstreams: { "reference.static": { address: reference.address } },
    });
    return { revision, gateway };
  });

  test.each(gateways)(
    "$revision: every check ends as with the server itself",
    // The suite listens to streams for parts of a second: on a machine that is busy it may miss what came.
    { retry: 1 },
    async ({ revision, gateway }) => {
      const found = await resultsOf(`http://localhost:${gateway.port}/mcp`, revision);
      expect(found).toEqual(direct.get(revision));
    },
  );
});
