// No configuration harms: it is taken or refused, and the worker serves on.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { specOf } from "../../../host-test/testing/chain.ts";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { messages, probe, probeChain, times } from "./probe-chain.ts";

const key = fc.constantFrom(
  "name",
  "steps",
  "read",
  "values",
  "tasks",
  "fail",
  "redis",
  "_rules_",
  "_plugin_id_",
  "_match_route_",
  "_match_domain_",
  "_match_service_",
  "_match_route_prefix_",
  "",
  "__proto__",
);
const scalar = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(
    "*",
    "integer a",
    "flag a",
    "texts a",
    "between a 1 0 5",
    "secret a",
    "child a text b",
    "listed a text b",
  ),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs)),
  ),
}));

/** Configures and serves; tells whether it was taken. Fails on a trap. */
async function offer(chain: ReturnType<typeof probeChain>, configuration: string): Promise<boolean> {
  chain.logs.length = 0;
  const spec = specOf({ name: "probe", module: probe.higress, configuration });
  const taken = await chain.chain.reconfigure([spec]).then(
    () => true,
    () => false,
  );
  expect(messages(chain).filter((line) => /abort:|Function: /.test(line))).toEqual([]);
  expect(chain.exchange().client.status).toBe(200);
  return taken;
}

describe("configurations", () => {
  test("of any shape are taken or refused", async () => {
    const chain = probeChain({});
    let taken = 0;
    const property = fc.asyncProperty(value, async (document) => {
      if (await offer(chain, JSON.stringify(document))) taken++;
    });
    await fc.assert(property, { numRuns: times(1500) });
    expect(taken).toBeGreaterThan(0);
  });

  test("cut off or changed at any byte are taken or refused", async () => {
    const text = Buffer.from(
      '{"name":"a","_plugin_id_":"p","steps":{"requestHead":["set x-a 1"]},"read":["integer a","secret b"],"values":{"a":"1","b":"\\u00e9\\ud83d"},"_rules_":[{"_match_domain_":["*.a.com",""],"name":"r"}]}',
    );
    const chain = probeChain({});
    for (let cut = 0; cut < text.length; cut += guestBuild === "release" ? 3 : 40) {
      await offer(chain, text.subarray(0, cut).toString("latin1"));
      for (const byte of [0x00, 0x22, 0x5c, 0x7b, 0x5d, 0xff]) {
        const changed = Buffer.from(text);
        changed[cut] = byte;
        await offer(chain, changed.toString("latin1"));
      }
    }
  });

  test.each([
    ["nested too deep", `{"values":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["nested without an end", '{"a":'.repeat(100_000)],
    [
      "a number beyond all bounds",
      `{"read":["integer a","number a"],"values":{"a":${"9".repeat(5000)}e999}}`,
    ],
    ["a key of a megabyte", `{"${"k".repeat(1 << 20)}":1}`],
    ["a value of a megabyte", `{"name":"${"v".repeat(1 << 20)}"}`],
    ["a byte order mark", '\ufeff{"name":"a"}'],
    [
      "10,000 unknown keys",
      JSON.stringify(Object.fromEntries(Array.from({ length: times(10_000) }, (_, i) => [`k${i}`, i]))),
    ],
  ])("with %s are taken or refused", async (_name, configuration) => {
    const chain = probeChain({}, { logLevel: "error" });
    await offer(chain, configuration);
  });
});
