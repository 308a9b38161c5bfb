// tools/list: pages, tool sets, and what each caller may see.

import { describe, expect, test } from "vitest";
import type { TestChain } from "../../../host-test/testing/chain.ts";
import { ask, askModern, endpoint, post } from "./endpoint.ts";

const tool = (name: string) => ({
  name,
  description: name,
  requestTemplate: { url: `/${name}`, method: "GET" },
});
const names = Array.from({ length: 25 }, (_, index) => `tool-${index}`);
const configuration = { server: { name: "many" }, tools: names.map(tool), pageSize: 10 };

function pages(chain: TestChain, headers: Record<string, string> = {}): string[][] {
  const all: string[][] = [];
  let cursor: string | undefined;
  do {
    const params = cursor === undefined ? {} : { cursor };
    const { json } = post(chain, { jsonrpc: "2.0", id: 1, method: "tools/list", params }, headers);
    const result = json.result as { tools: { name: string }[]; nextCursor?: string };
    all.push(result.tools.map(({ name }) => name));
    cursor = result.nextCursor;
  } while (cursor !== undefined);
  return all;
}

function using(given: object, body: (chain: TestChain) => void): void {
  const chain = endpoint(given);
  try {
    body(chain);
  } finally {
    chain.close();
  }
}

describe("pages", () => {
  test("hold every tool once, in the order of the configuration; the last has no cursor", () => {
    using(configuration, (chain) => {
      expect(pages(chain)).toEqual([names.slice(0, 10), names.slice(10, 20), names.slice(20)]);
    });
    using({ ...configuration, pageSize: 25 }, (chain) => expect(pages(chain)).toEqual([names]));
    using({ ...configuration, pageSize: 0 }, (chain) => expect(pages(chain)).toEqual([names]));
  });

  test("are as full for a caller who sees some tools only, and none is empty at the end", () => {
    const seen = names.filter((_, index) => index % 2 === 0 && index < 20);
    using(configuration, (chain) => {
      expect(pages(chain, { "x-envoy-allow-mcp-tools": seen.join(", ") })).toEqual([seen]);
      expect(pages(chain, { "x-envoy-allow-mcp-tools": " , " })).toEqual([[]]);
    });
  });

  test("a cursor that no page gave is refused, in every revision", () => {
    using(configuration, (chain) => {
      for (const cursor of ["x", "-1", "25", "99999999999999999999", "1.5", " 3"]) {
        expect(ask(chain, "tools/list", { cursor }).json.error).toEqual({
          code: -32602,
          message: "invalid cursor",
        });
        expect(askModern(chain, "tools/list", { cursor }).json.error?.code).toBe(-32602);
      }
    });
  });
});

describe("tool sets", () => {
  const rules = {
    _rules_: [
      { _match_domain_: ["a.local"], server: { name: "a" }, tools: [tool("x"), tool("y")] },
      { _match_domain_: ["b.local"], server: { name: "b" }, tools: [tool("x")] },
      {
        _match_domain_: ["test.local"],
        pageSize: 2,
        toolSet: {
          name: "set",
          serverTools: [
            { serverName: "b", tools: ["x", "nobody"] },
            { serverName: "a", tools: ["y", "x"] },
            { serverName: "nobody", tools: ["x"] },
          ],
        },
      },
    ],
  };

  test("list the tools of other rules under their servers' names, page by page; what is missing is left out", () => {
    using(rules, (chain) => {
      expect(pages(chain)).toEqual([["b___x", "a___y"], ["a___x"]]);
      const warnings = chain.problems("warn").filter((line) => line.includes("toolSet set"));
      expect(warnings).toHaveLength(2);
    });
  });

  test("are filtered by the names that they list", () => {
    using(rules, (chain) => {
      expect(pages(chain, { "x-envoy-allow-mcp-tools": "a___x,x" })).toEqual([["a___x"]]);
    });
  });
});
