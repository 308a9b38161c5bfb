// Calls of REST tools beside the plain one: in batches, given up by the client, with mirrored arguments, with content of
// the protocol's own form.

import { describe, expect, test } from "vitest";
import type { CallReply, TestChain, TestReply } from "../../../host-test/testing/chain.ts";
import { askModern, endpoint, meta, modern, post } from "./endpoint.ts";
import { call, get, listed, refusalOf } from "./rest.ts";

const read = {
  name: "read",
  description: "Reads.",
  args: [{ name: "id", position: "path", required: true }],
  requestTemplate: { url: "http://api.example/v1/{id}", method: "GET" },
};
const configuration = { server: { name: "api" }, tools: [read] };
const batched = { "mcp-protocol-version": "2025-03-26" };
const calling = (id: unknown, argument: string) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "read", arguments: { id: argument } },
});
const text = (id: unknown, value: string, isError = false) => ({
  jsonrpc: "2.0",
  id,
  result: { content: [{ type: "text", text: value }], isError },
});

/** Sends a whole request; what comes of it is for the test to see. */
function begin(
  stream: ReturnType<TestChain["open"]>,
  message: unknown,
  headers: Record<string, string>,
): void {
  const head: Record<string, string> = {
    ":method": "POST",
    ":path": "/mcp",
    ":authority": "test.local",
    ":scheme": "http",
    "content-type": "application/json",
    ...headers,
  };
  stream.http.requestHeaders(Object.entries(head), false);
  stream.http.requestData(Buffer.from(JSON.stringify(message)), true);
}

describe("a batch", () => {
  const batch = (
    messages: unknown[],
    reply: (path: string) => CallReply,
    more: object = {},
  ): { answers: unknown; status: number; paths: string[]; chain: TestChain } => {
    const paths: string[] = [];
    const chain = endpoint(
      { ...configuration, ...more },
      {
        calls: ({ headers }) => {
          const header = (name: string) => headers.find(([one]) => one === name)![1];
          paths.push(`${header(":method")} ${header(":authority")} ${header(":path")}`);
          return reply(header(":path"));
        },
      },
    );
    const { json: answers, status } = post(chain, messages, batched);
    chain.close();
    return { answers, status, paths, chain };
  };

  test("calls the upstream for each call in it, one after the other, and answers them in order", () => {
    const messages = [
      calling(1, "a/b"),
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
      { jsonrpc: "2.0", id: "p", method: "ping" },
      calling("2", "c"),
      { jsonrpc: "2.0", id: 3, method: "nothing" },
      calling(4, "d"),
    ];
    const { answers, paths } = batch(messages, (path) => ({
      body: `at ${path}`,
      delayMs: path.endsWith("c") ? 5 : 0,
    }));
    expect(answers).toEqual([
      text(1, "at /v1/a%2Fb"),
      { jsonrpc: "2.0", id: "p", result: {} },
      text("2", "at /v1/c"),
      { jsonrpc: "2.0", id: 3, error: { code: -32601, message: "method not found:nothing" } },
      text(4, "at /v1/d"),
    ]);
    expect(paths).toEqual(["GET api.example /v1/a%2Fb", "GET api.example /v1/c", "GET api.example /v1/d"]);
  });

  test("goes on where one call fails, is refused or is never answered", () => {
    const replies: Record<string, CallReply> = {
      "/v1/a": { status: 500, body: "broken" },
      "/v1/b": "never",
      "/v1/c": { reset: "connect-failure" },
      "/v1/d": { body: "good" },
    };
    const { answers } = batch(
      ["a", "b", "c", "d"].map((id) => calling(id, id)),
      (path) => replies[path]!,
    );
    const results = answers as ReturnType<typeof text>[];
    expect(results.map(({ id, result }) => [id, result.isError])).toEqual([
      ["a", true],
      ["b", true],
      ["c", true],
      ["d", false],
    ]);
    expect(results[1]!.result.content[0]!.text).toContain("status: 504");
  });

  test("where no call can be made each gets an error", () => {
    const { answers } = batch([calling(1, "a"), calling(2, "b")], () => "no-host");
    for (const answer of answers as { error: object }[]) expect(answer.error).toMatchObject({ code: -32603 });
  });

  test("of fifty calls makes fifty", () => {
    const messages = Array.from({ length: 50 }, (_, id) => calling(id, String(id)));
    const { answers, paths } = batch(messages, (path) => ({ body: path }));
    expect(answers).toEqual(messages.map(({ id }) => text(id, `/v1/${id}`)));
    expect(paths).toHaveLength(50);
  });

  test("is given up where its client leaves", () => {
    const chain = endpoint(configuration, { calls: () => ({ body: "late", delayMs: 1000 }) });
    const stream = chain.open();
    begin(stream, [calling(1, "a"), calling(2, "b")], batched);
    stream.http.requestReset();
    chain.settle();
    expect(chain.calls).toHaveLength(1);
    expect(chain.problems()).toEqual([]);
    chain.close();
  });
});

describe("giving up", () => {
  test.each(["2025-03-26", "2025-06-18", "2025-11-25", modern])(
    "notifications/cancelled of %s gets 202",
    (revision) => {
      const chain = endpoint(configuration);
      const isModern = revision === modern;
      const answer = post(
        chain,
        {
          jsonrpc: "2.0",
          method: "notifications/cancelled",
          params: { requestId: 1, ...(isModern && { _meta: meta() }) },
        },
        { "mcp-protocol-version": revision },
      );
      expect([answer.status, answer.text]).toEqual([202, ""]);
      chain.close();
    },
  );

  test("a client that closes its connection ends the upstream's request", () => {
    const chain = endpoint(configuration);
    const stream = chain.open("HTTP/1.1", true);
    const headers = { "mcp-protocol-version": modern, "mcp-method": "tools/call", "mcp-name": "read" };
    const message = calling(1, "a");
    begin(stream, { ...message, params: { ...message.params, _meta: meta() } }, headers);
    chain.settle();
    expect(stream.upstream?.complete).toBe(true);
    stream.http.requestReset();
    chain.settle();
    expect(stream.upstream?.reset).toBe(true);
    chain.close();
  });
});

describe("mirrored arguments", () => {
  const region = {
    name: "read",
    description: "",
    args: [
      { name: "region", mcpHeader: "Region" },
      { name: "limit", type: "integer", mcpHeader: "Limit" },
      { name: "deep", type: "boolean", mcpHeader: "Deep" },
    ],
    requestTemplate: { url: "/x", method: "GET", argsToUrlParam: true },
  };
  const send = (args: object, headers: Record<string, string>) => {
    const chain = endpoint({ server: { name: "api" }, tools: [region] });
    const answer = askModern(chain, "tools/call", { name: "read", arguments: args }, headers);
    chain.close();
    return answer;
  };

  test("are named in the input schema, which clients read", () => {
    expect(listed([region])).toMatchObject([
      {
        inputSchema: {
          properties: { region: { "x-mcp-header": "Region" }, limit: { "x-mcp-header": "Limit" } },
        },
      },
    ]);
  });

  const agreeing: [object, Record<string, string>][] = [
    [{ region: "eu" }, { "mcp-param-region": "eu" }],
    [{ region: "München" }, { "mcp-param-region": "=?base64?TcO8bmNoZW4=?=" }],
    [{ region: "" }, { "mcp-param-region": "" }],
    [{ limit: 42 }, { "mcp-param-limit": "42" }],
    [{ limit: 42 }, { "mcp-param-limit": "42.0" }],
    [{ deep: true }, { "mcp-param-deep": "true" }],
    [{}, {}],
  ];
  test.each(agreeing)("%j with %j is served", (args, headers) => {
    expect(send(args, headers).json.result).toMatchObject({ isError: false });
  });

  const disagreeing: [object, Record<string, string>, string][] = [
    [{ region: "eu" }, {}, "the header Mcp-Param-Region is required"],
    [{ region: "eu" }, { "mcp-param-region": "us" }, "Mcp-Param-Region is not the argument region"],
    [{ region: "eu" }, { "mcp-param-region": "EU" }, "Mcp-Param-Region is not the argument region"],
    [{ region: "eu" }, { "mcp-param-region": "=?base64?!?=" }, "Mcp-Param-Region holds broken base64"],
    [{ limit: 42 }, { "mcp-param-limit": "43" }, "Mcp-Param-Limit is not the argument limit"],
    [{ limit: 42 }, { "mcp-param-limit": "42x" }, "Mcp-Param-Limit is not the argument limit"],
    [{ deep: true }, { "mcp-param-deep": "false" }, "Mcp-Param-Deep is not the argument deep"],
  ];
  test.each(disagreeing)("%j with %j is refused with 400", (args, headers, reason) => {
    const { status, json } = send(args, headers);
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ code: -32020, message: `headers and body disagree: ${reason}` });
  });

  test("headers of clients of earlier revisions are not looked at, and do not reach the upstream", () => {
    let seen: string[] = [];
    const upstream = (request: { headers: [string, string][] }): TestReply => {
      seen = request.headers.map(([name]) => name).filter((name) => name.startsWith("mcp-"));
      return { body: "ok" };
    };
    const chain = endpoint({ server: { name: "api" }, tools: [region] }, { upstream: upstream as never });
    const body = {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "read", arguments: { region: "eu" } },
    };
    const headers = { "mcp-protocol-version": "2025-06-18", "mcp-param-region": "us", "mcp-name": "other" };
    expect(post(chain, body, headers).json.result).toMatchObject({ isError: false });
    expect(seen).toEqual([]);
    chain.close();
  });

  test.each([
    [[{ name: "a", mcpHeader: "bad name" }], "expected a header's name"],
    [[{ name: "a", mcpHeader: "a:b" }], "expected a header's name"],
    [[{ name: "a", type: "array", mcpHeader: "A" }], "for an argument of type string, integer or boolean"],
    [[{ name: "a", type: "number", mcpHeader: "A" }], "for an argument of type string, integer or boolean"],
    [
      [
        { name: "a", mcpHeader: "A" },
        { name: "b", mcpHeader: "a" },
      ],
      "the argument 'a' has this one",
    ],
  ])("%j is refused: clients would leave such a tool out", async (args, reason) => {
    expect(await refusalOf([{ ...region, args }])).toContain(reason);
  });
});

describe("content", () => {
  const answered = (reply: TestReply, responseTemplate: object = { asContent: true }) =>
    call({ ...get("/x"), responseTemplate }, {}, { reply }).result;

  test("in the protocol's own form becomes the result's, from the upstream or from a template", () => {
    const items = [
      { type: "text", text: "a" },
      { type: "image", data: "AA==", mimeType: "image/png", annotations: { priority: 1 } },
      { type: "audio", data: "AA==", mimeType: "audio/wav" },
      { type: "resource", resource: { uri: "x://y", text: "z" } },
      { type: "resource_link", uri: "https://x.example/a.pdf", name: "a" },
    ];
    expect(answered({ body: JSON.stringify(items) })).toEqual({ content: items, isError: false });
    const body = '[{"type":"resource_link","uri":{{toJson .url}},"name":{{toJson .title}}}]';
    expect(
      answered({ body: '{"url":"https://h/a","title":"q\\"x"}' }, { asContent: true, body }).content,
    ).toEqual([{ type: "resource_link", uri: "https://h/a", name: 'q"x' }]);
    expect(answered({ body: "[]" })).toEqual({ content: [], isError: false });
  });

  const wrong: [string, string][] = [
    ["<html>", "expected a list of content items"],
    ["{}", "expected a list of content items"],
    ["[1]", "item 0: type must be text, image, audio, resource or resource_link"],
    ['[{"type":"video"}]', "item 0: type must be text, image, audio, resource or resource_link"],
    ['[{"type":"text","text":"a"},{"type":"text","text":1}]', "item 1: text needs text"],
    ['[{"type":"image","data":""}]', "item 0: image needs mimeType"],
    ['[{"type":"resource","resource":{"uri":"a"}}]', "item 0: a resource needs uri, and text or blob"],
  ];
  test.each(wrong)("%s is the tool's failure, which says why", (body, reason) => {
    expect(answered({ body })).toEqual({
      content: [{ type: "text", text: `the tool's answer is no content: ${reason}` }],
      isError: true,
    });
  });

  test("that is sound is sound", () => {
    const headers = { "content-type": "audio/wav" };
    expect(answered({ headers, body: new Uint8Array([0, 255]) }, {}).content).toEqual([
      { type: "audio", data: "AP8=", mimeType: "audio/wav" },
    ]);
  });
});
