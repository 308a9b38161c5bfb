// The protocol's own conformance suite against REST tools: life cycle, transport, headers, tools. What a REST API has
// no use for is listed in conformance.json with its reason; the lists must be exact.

import { readFileSync } from "node:fs";
import { describe, expect, test, beforeAll } from "vitest";
import { describeEngines } from "../../../host-test/testing/scenario.ts";
import { resultsOf } from "./conformance-suite.ts";
import { conformanceApi, conformanceTools } from "./conformance-tools.ts";

interface Expected {
  /** Scenario → reason. None of them succeeds as a whole. */
  leftOut: Record<string, string>;
  /** `scenario: check: status` → reason, of the other scenarios: all that is neither SUCCESS nor INFO. */
  exceptions: Record<string, string>;
}

const expected: Record<string, Expected> = JSON.parse(
  readFileSync(new URL("conformance.json", import.meta.url), "utf8"),
);

const isGood = (check: string): boolean => check.endsWith(": SUCCESS") || check.endsWith(": INFO");

describeEngines("rest-to-mcp", (engine) => {
  const gateway = engine.shared({
    plugins: [{ plugin: "rest-to-mcp", configuration: conformanceTools }],
    upstreams: { "api.static": conformanceApi },
  });

  describe.each(Object.entries(expected))("%s", (revision, { leftOut, exceptions }) => {
    let results: Record<string, string[]>;
    beforeAll(async () => {
      results = await resultsOf(`http://localhost:${gateway.port}/mcp`, revision);
    });

    test("every scenario ran", () => {
      expect(Object.keys(results).length).toBeGreaterThanOrEqual(revision === "2025-11-25" ? 33 : 50);
    });

    test("every check succeeds that is not listed with a reason", () => {
      const served = Object.entries(results).filter(([scenario]) => !Object.hasOwn(leftOut, scenario));
      const found = served.flatMap(([scenario, checks]) =>
        checks.filter((check) => !isGood(check)).map((check) => `${scenario}: ${check}`),
      );
      expect(found.toSorted()).toEqual(Object.keys(exceptions).toSorted());
    });

    test("no scenario is left out that succeeds", () => {
      const failing = Object.keys(leftOut).filter((scenario) => !results[scenario]?.every(isGood));
      expect(failing).toEqual(Object.keys(leftOut));
    });
  });
});
