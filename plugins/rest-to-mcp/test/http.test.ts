// The HTTP surface: methods, bodies, ids, limits, origins, and configurations that are refused.

import { expect, test } from "vitest";
import { specOf } from "../../../host-test/testing/chain.ts";
import { ask, endpoint, higress, oneTool, post } from "./endpoint.ts";

type Chain = ReturnType<typeof endpoint>;
const ping = { jsonrpc: "2.0", id: 1, method: "ping" };

/** Runs `body` with a chain that is closed afterwards. */
function withEndpoint(configuration: object, body: (chain: Chain) => void): void {
  const chain = endpoint(configuration, { logLevel: "error" });
  try {
    body(chain);
  } finally {
    chain.close();
  }
}

test.each([
  ["GET", 405],
  ["DELETE", 405],
  ["POST", 400],
])("%s without a body gets %i without a body, and no upstream sees it", (method, status) => {
  withEndpoint(oneTool, (chain) => {
    const { client, upstream } = chain.exchange({ method });
    expect([client.status, client.text, upstream]).toEqual([status, "", undefined]);
  });
});

test("answers are JSON in UTF-8", () => {
  withEndpoint(oneTool, (chain) => {
    expect(ask(chain, "ping").header("content-type")).toBe("application/json; charset=utf-8");
  });
});

test("a body of any type is read as a message: nothing passes by unread", () => {
  withEndpoint(oneTool, (chain) => {
    for (const type of ["application/octet-stream", "text/plain"]) {
      expect(post(chain, ping, { "content-type": type }).json.result).toEqual({});
    }
    const packed = chain.exchange({ headers: { "content-encoding": "gzip" }, body: "\x1f\x8b" });
    expect([packed.client.status, packed.upstream]).toEqual([400, undefined]);
  });
});

test("a body above the limit gets 413, announced or not", () => {
  withEndpoint({ ...oneTool, maxRequestBytes: 100 }, (chain) => {
    const body = JSON.stringify({ ...ping, params: { a: "x".repeat(200) } });
    expect(post(chain, body).status).toBe(413);
    expect(post(chain, body, { "content-length": `${body.length}` }).status).toBe(413);
    expect(post(chain, ping).status).toBe(200);
  });
});

test("a request is read at every cut", () => {
  withEndpoint(oneTool, (chain) => {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: "é", method: "tools/list" }));
    const whole = post(chain, body.toString()).text;
    expect(JSON.parse(whole).id).toBe("é");
    for (let cut = 0; cut <= body.length; cut++) {
      const { client } = chain.exchange({ chunks: [body.subarray(0, cut), body.subarray(cut)] });
      expect(client.text).toBe(whole);
    }
  });
});

test("pages of other origins get 403 where origins are listed", () => {
  withEndpoint({ ...oneTool, allowOrigins: ["localhost", "https://Chat.example.com"] }, (chain) => {
    const status = (origin: string) => post(chain, ping, { origin }).status;
    expect(["http://localhost:1234", "https://chat.example.com"].map(status)).toEqual([200, 200]);
    const strangers = [
      "https://evil.example",
      "http://chat.example.com",
      "null",
      "https://localhost.evil.example",
    ];
    expect(strangers.map(status)).toEqual([403, 403, 403, 403]);
    expect(post(chain, ping).status).toBe(200);
  });
});

test("without listed origins every page may call, as with Higress's plugin", () => {
  withEndpoint(oneTool, (chain) => {
    expect(post(chain, ping, { origin: "https://anywhere.example" }).status).toBe(200);
  });
});

test.each(['"a"', '""', "0", "-7", "12345678901234567890123", "1e2", "1.50", '"\\u00e9"'])(
  "the id %s comes back byte for byte",
  (id) => {
    withEndpoint(oneTool, (chain) => {
      const { text } = post(chain, `{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
      expect(text).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
    });
  },
);

test.each(["null", "true", "{}", "[1]"])("%s is no id", (id) => {
  withEndpoint(oneTool, (chain) => {
    const { json, status } = post(chain, `{"jsonrpc":"2.0","id":${id},"method":"ping"}`);
    expect([status, json.error?.code, json.id]).toEqual([400, -32600, null]);
  });
});

test("what is not JSON gets -32700 with 400", () => {
  withEndpoint(oneTool, (chain) => {
    for (const body of [" ", "{", "{}x", '{"id":1,"method":"ping",}']) {
      const { json, status } = post(chain, body);
      expect([status, json.error?.code]).toEqual([400, -32700]);
    }
  });
});

test("a tool that is not allowed is refused before it is looked for", () => {
  withEndpoint({ ...oneTool, allowTools: ["greet"] }, (chain) => {
    const message = (name: string) => ask(chain, "tools/call", { name }).json.error?.message;
    expect(message("other")).toBe("Tool not allowed: other");
  });
  withEndpoint(oneTool, (chain) => {
    const message = ask(chain, "tools/call", { name: "other" }).json.error?.message;
    expect(message).toBe("unknown tool: other");
  });
});

test("a tool set lists and does not call: mcp-router does", () => {
  withEndpoint({ toolSet: { name: "set", serverTools: [] } }, (chain) => {
    expect(ask(chain, "tools/list").json.result).toEqual({ tools: [] });
    expect(ask(chain, "tools/call", { name: "a___b" }).json.error).toEqual({
      code: -32601,
      message:
        "tools/call is not supported on a composed toolSet endpoint ('set'). It should be routed by mcp-router to the target server.",
    });
  });
});

test.each([
  [{ allowTools: [] }, "either 'server' or 'toolSet' field must be present in the configuration"],
  [{ server: {} }, "server.name field is missing for single server config"],
  [{ server: { name: "quark-search" } }, "mcp server type 'quark-search' not registered"],
  [{ ...oneTool, pageSize: -1 }, "pageSize: expected an integer from 0 to 100000, found -1"],
])("%j is refused", async (configuration, reason) => {
  const chain = endpoint(oneTool);

  const spec = specOf({ name: "rest-to-mcp", module: higress, configuration });
  await expect(chain.chain.reconfigure([spec])).rejects.toThrow();
  expect(chain.problems().join("\n")).toContain(reason);
  chain.close();
});
