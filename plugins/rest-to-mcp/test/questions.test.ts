// A required argument that is missing: clients of 2026-07-28 that can be asked are asked, models of all others read what
// to give. What a client brings back is taken only from the one who was asked, for the call that was asked about.

import { describe, expect, test } from "vitest";
import type { TestChain } from "../../../host-test/testing/chain.ts";
import { ask, askModern, endpoint, meta, type Answer } from "./endpoint.ts";

const order = {
  name: "order",
  description: "Orders.",
  args: [
    { name: "item", description: "What to order.", required: true },
    { name: "size", type: "string", enum: ["small", "large"], required: true },
    { name: "count", type: "integer", default: 1 },
  ],
  requestTemplate: { url: "/orders", method: "POST", argsToJsonBody: true },
};
const configuration = { server: { name: "shop" }, tools: [order], strictArgs: true };
const forms = { elicitation: { form: {} } };

function withShop(body: (chain: TestChain, sent: string[]) => void, more: object = {}): void {
  const sent: string[] = [];
  const chain = endpoint(
    { ...configuration, ...more },
    {
      upstream: (request) => {
        sent.push(request.text);
        return { body: "ordered" };
      },
    },
  );
  try {
    body(chain, sent);
  } finally {
    chain.close();
  }
}

type Params = Record<string, unknown>;

function call(chain: TestChain, params: Params = {}, headers: Record<string, string> = {}): Answer {
  return askModern(chain, "tools/call", { _meta: meta(forms), name: "order", ...params }, headers);
}

const accept = (content: object) => ({ action: "accept", content });
const done = { content: [{ type: "text", text: "ordered" }], isError: false, resultType: "complete" };

describe("a client that takes forms", () => {
  test("gets one for each missing argument, with its type, choices and description", () => {
    withShop((chain, sent) => {
      const { result } = call(chain).json;
      expect(result).toEqual({
        resultType: "input_required",
        requestState: expect.any(String),
        inputRequests: {
          item: {
            method: "elicitation/create",
            params: {
              mode: "form",
              message: "order needs item: What to order.",
              requestedSchema: {
                type: "object",
                properties: { item: { type: "string", description: "What to order." } },
                required: ["item"],
              },
            },
          },
          size: {
            method: "elicitation/create",
            params: {
              mode: "form",
              message: "order needs size: size",
              requestedSchema: {
                type: "object",
                properties: { size: { type: "string", enum: ["small", "large"] } },
                required: ["size"],
              },
            },
          },
        },
      });
      expect(sent).toEqual([]);
    });
  });

  test("answers in one round or in several; what was given stands", () => {
    withShop((chain, sent) => {
      const first = call(chain, { arguments: { count: 2 } }).json.result!;
      const half = call(chain, {
        arguments: { count: 2 },
        inputResponses: { item: accept({ item: "tea" }), count: accept({ count: 9 }) },
        requestState: first.requestState,
      }).json.result!;
      expect(Object.keys(half.inputRequests as object)).toEqual(["size"]);
      expect(half.requestState).not.toBe(first.requestState);
      const last = call(chain, {
        arguments: { count: 2 },
        inputResponses: { size: accept({ size: "large" }) },
        requestState: half.requestState,
      });
      expect(last.json.result).toEqual(done);
      expect(sent.map((body) => JSON.parse(body))).toEqual([{ count: 2, item: "tea", size: "large" }]);
    });
  });

  test("is asked again where it declines, or answers with what is no answer", () => {
    withShop((chain, sent) => {
      for (const answer of [{ action: "decline" }, { action: "cancel" }, 7, null, accept({})]) {
        const inputResponses = { item: answer, size: accept({ size: "small" }) };
        const { result } = call(chain, { inputResponses }).json;
        expect(Object.keys(result!.inputRequests as object)).toEqual(["item"]);
      }
      expect(sent).toEqual([]);
    });
  });

  test("is told, in a result, of an answer that the argument does not take", () => {
    withShop((chain, sent) => {
      const inputResponses = { item: accept({ item: "tea" }), size: accept({ size: "huge" }) };
      const { result } = call(chain, { inputResponses }).json;
      expect(result!.isError).toBe(true);
      expect(JSON.stringify(result!.content)).toContain("size");
      expect(sent).toEqual([]);
    });
  });
});

describe("a client that takes no forms", () => {
  test.each([{}, { elicitation: { url: {} } }, { sampling: {} }])(
    "%j: the model is told what is missing",
    (can) => {
      withShop((chain, sent) => {
        const { result } = askModern(chain, "tools/call", { _meta: meta(can), name: "order" }).json;
        expect(result).toEqual({
          content: [
            {
              type: "text",
              text: 'missing required arguments:\n- item: What to order.\n- size (one of ["small","large"])',
            },
          ],
          isError: true,
          resultType: "complete",
        });
        expect(sent).toEqual([]);
      });
    },
  );

  test("nor does one of an earlier revision", () => {
    withShop((chain, sent) => {
      for (const revision of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
        const { result } = ask(
          chain,
          "tools/call",
          { name: "order", arguments: { item: "tea" } },
          revision,
        ).json;
        expect(result).toMatchObject({ isError: true });
        expect(JSON.stringify(result!.content)).toContain("- size");
      }
      expect(sent).toEqual([]);
    });
  });

  test("an argument that no form can hold is told in words", () => {
    const list = { ...order, args: [{ name: "items", type: "array", required: true }] };
    withShop(
      (chain) => {
        expect(call(chain).json.result).toMatchObject({ isError: true });
      },
      { tools: [list] },
    );
  });
});

describe("requestState", () => {
  const answers = { item: accept({ item: "tea" }), size: accept({ size: "small" }) };
  const refused = { code: -32602, message: "requestState is not valid for this call" };
  const stateOf = (answer: Answer): string => String(answer.json.result!.requestState);

  test("with any byte changed is refused", () => {
    withShop((chain, sent) => {
      const state = stateOf(call(chain));
      for (let at = 0; at < state.length; at++) {
        const changed = state.slice(0, at) + (state[at] === "A" ? "B" : "A") + state.slice(at + 1);
        // The last character of base64 carries bits that mean nothing.
        const isSame = Buffer.from(changed.split(".")[1] ?? "", "base64url").equals(
          Buffer.from(state.split(".")[1]!, "base64url"),
        );
        if (changed.split(".")[0] === state.split(".")[0] && isSame) continue;
        const { error } = call(chain, { inputResponses: answers, requestState: changed }).json;
        expect(error).toEqual(refused);
      }
      expect(sent).toEqual([]);
    });
  });

  test.each([["nothing"], [""], ["."], [7], [{}], ["A".repeat(100_000)]])(
    "that is %j is refused",
    (requestState) => {
      withShop((chain) => expect(call(chain, { requestState }).json.error).toEqual(refused));
    },
  );

  test("of another caller, another tool or other arguments is refused", () => {
    const other = { ...order, name: "other" };
    withShop(
      (chain, sent) => {
        const requestState = stateOf(call(chain, {}, { authorization: "Bearer a" }));
        const again = { inputResponses: answers, requestState };
        const foreign = [
          call(chain, again, { authorization: "Bearer b" }),
          call(chain, again),
          call(chain, { ...again, name: "other" }, { authorization: "Bearer a" }),
          call(chain, { ...again, arguments: { count: 5 } }, { authorization: "Bearer a" }),
        ];
        for (const { json } of foreign) expect(json.error).toEqual(refused);
        expect(sent).toEqual([]);
        expect(call(chain, again, { authorization: "Bearer a" }).json.result).toEqual(done);
      },
      { tools: [order, other] },
    );
  });

  test("is refused after ten minutes", () => {
    withShop((chain) => {
      const requestState = stateOf(call(chain));
      chain.advance(9 * 60_000);
      expect(call(chain, { inputResponses: answers, requestState }).json.result).toEqual(done);
      chain.advance(2 * 60_000);
      expect(call(chain, { inputResponses: answers, requestState }).json.error).toEqual(refused);
    });
  });

  test("is good at every gateway with the same secret, and at no other", () => {
    let requestState = "";
    withShop((chain) => (requestState = stateOf(call(chain))), { stateSecret: "one" });
    const again = { inputResponses: answers, requestState };
    withShop((chain) => expect(call(chain, again).json.result).toEqual(done), { stateSecret: "one" });
    withShop((chain) => expect(call(chain, again).json.error).toEqual(refused), { stateSecret: "two" });
  });
});
