// Whole configurations: what is refused and why, rules that do not fail together, several plugins in a module.

import { describe, expect, test } from "vitest";
import { messages, probe, probeChain, refusal, said, suite } from "./probe-chain.ts";
import { specOf, TestChain } from "../../../host-test/testing/chain.ts";

const stamp = { steps: { requestHead: ["say matched"] } };

describe("configurations without rules", () => {
  test.each([
    ["nothing", undefined],
    ["an empty text", ""],
    ["an empty object", "{}"],
    ["a plugin id alone", '{"_plugin_id_":"p"}'],
    ["null", "null"],
    ["a list", "[]"],
    ["a number", "3"],
  ])("%s is an empty global configuration", (_name, configuration) => {
    const chain = new TestChain({
      plugins: [
        { name: "probe", module: probe.higress, ...(configuration !== undefined && { configuration }) },
      ],
    });
    chain.exchange();
    expect(messages(chain)).toContain("> requestHead end=true");
    expect(chain.problems("warn")).toEqual([]);
  });
});

describe("messages of a refused configuration", () => {
  const missing =
    "there is at least one of  '_match_route_', '_match_domain_', '_match_service_' and '_match_route_prefix_' can present in configuration.";

  test.each([
    [
      "no JSON",
      '{"name": "a",\n "steps": }',
      ["the plugin configuration is not a valid json: unexpected input at 2:11"],
    ],
    ["cut off", '{"name": "a"', ["the plugin configuration is not a valid json: unexpected input at 1:13"]],
    ["white space", "  ", ["the plugin configuration is not a valid json: unexpected input at 1:3"]],
    [
      "text after the object",
      "{} {}",
      ["the plugin configuration is not a valid json: unexpected input at 1:4"],
    ],
    [
      "an empty list of rules",
      { _rules_: [] },
      ["parse rule config failed: parse config failed, no valid rules; global config parse error:<nil>"],
    ],
    [
      "no rules beside a plugin id",
      { _plugin_id_: "p", _rules_: null },
      ["parse rule config failed: parse config failed, no valid rules; global config parse error:<nil>"],
    ],
    [
      "a broken global configuration",
      { fail: "bad limit" },
      ["parse rule config failed: parse config failed, no valid rules; global config parse error:bad limit"],
    ],
    [
      "a broken global configuration and no rules",
      { fail: "bad limit", _rules_: [] },
      ["parse rule config failed: parse config failed, no valid rules; global config parse error:bad limit"],
    ],
    [
      "a rule without a match key",
      { _rules_: [{ name: "x" }] },
      [`parse rule config failed: _rules_[0]: ${missing}`],
    ],
    [
      "a rule of empty match keys",
      {
        _rules_: [
          { _match_route_: ["a"] },
          { _match_route_: [""], _match_route_prefix_: [], _match_service_: null },
        ],
      },
      [`parse rule config failed: _rules_[1]: ${missing}`],
    ],
    [
      "a rule that is no object",
      { _rules_: ["x"] },
      [`parse rule config failed: _rules_: ${missing}`.replace("_rules_:", "_rules_[0]:")],
    ],
    [
      "a broken rule",
      { _rules_: [{ _match_route_: ["a"] }, { _match_route_: ["b"], fail: "bad limit" }] },
      ["parse rule config failed: _rules_[1]: bad limit"],
    ],
    ["a configuration that does not start", { startFails: true }, []],
  ])("%s", async (_name, configuration, expected) => {
    const { errors, message } = await refusal(configuration);
    expect(errors).toEqual([...expected, "plugin start failed"]);
    expect(message).toContain("Unable to create Wasm plugin refused");
  });

  test("a bare configuration that the plugin refuses gives the plugin's words alone", async () => {
    const { errors } = await refusal('{"_plugin_id_": "p", "fail": "x"}');
    expect(errors[0]).toContain("global config parse error:x");
  });
});

test("the plugin id is in every line and is no unknown key", () => {
  const chain = probeChain({ _plugin_id_: "p-1", steps: {} });
  chain.exchange();
  expect(chain.problems("warn")).toEqual([]);
  for (const { message } of chain.logs) expect(message).toMatch(/^\[probe\] \[p-1\] \[nil\] /);
});

describe("plugins whose rules do not fail together", () => {
  const plugin = (configuration: object, name = "isolating") => ({
    name,
    rootId: "isolating",
    module: suite,
    configuration,
  });
  const good = { _match_route_: ["route"], steps: { requestHead: ["say good"] } };
  const bad = { _match_route_: ["route"], fail: "bad" };
  const other = { _match_route_: ["other"] };

  test("a rule that breaks keeps its last good configuration, wherever it stands", async () => {
    const chain = new TestChain({ plugins: [plugin({ _plugin_id_: "a", _rules_: [good] })] });
    await chain.chain.reconfigure([specOf(plugin({ _plugin_id_: "a", _rules_: [other, bad] }))]);
    expect(chain.problems("warn").map((line) => line.replace("[isolating] [a] [nil] ", ""))).toEqual([
      "rule keeps its last good configuration: _rules_[1]: bad",
    ]);
    chain.exchange();
    expect(said(chain)).toContain("good");
  });

  test("a rule that never was good is left out", () => {
    const chain = new TestChain({ plugins: [plugin({ _rules_: [bad, good] })] });
    expect(chain.problems("warn")).toEqual(["[isolating] [nil] [nil] rule left out: _rules_[0]: bad"]);
    chain.exchange();
    expect(said(chain)).toContain("good");
  });

  test("a configuration of broken rules alone is refused", () => {
    expect(() => new TestChain({ plugins: [plugin({ _rules_: [bad] })] })).toThrow("plugin start failed");
  });

  test("a rule without a match key is fatal all the same", () => {
    expect(() => new TestChain({ plugins: [plugin({ _rules_: [good, { name: "x" }] })] })).toThrow(
      "plugin start failed",
    );
  });

  test("what one configuration remembers does not serve another of the same module", async () => {
    const chain = new TestChain({ plugins: [plugin({ _plugin_id_: "a", _rules_: [good] })] });
    const foreign = specOf(plugin({ _plugin_id_: "b", _rules_: [other, bad] }, "second"));
    await chain.chain.reconfigure([specOf(plugin({ _plugin_id_: "a", _rules_: [good] })), foreign]);
    expect(chain.problems("warn")).toEqual(["[isolating] [b] [nil] rule left out: _rules_[1]: bad"]);
  });
});

test("a module of several plugins serves the one that the root id names", () => {
  const chain = new TestChain({ plugins: [{ rootId: "plain", module: suite, configuration: stamp }] });
  chain.exchange();
  expect(chain.logs.some(({ message }) => message === "[plain] [nil] [nil] matched")).toBe(true);
});

test("a module of several plugins refuses a root id that names none", () => {
  for (const rootId of ["", "other"]) {
    expect(() => new TestChain({ plugins: [{ rootId, module: suite }] })).toThrow(
      "no plugin of this module has the root id",
    );
  }
});
