// An upstream's answer becomes the tool's result.

import { describe, expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { call, get } from "./rest.ts";

const json = { "content-type": "application/json" };
const answered = (reply: TestReply, more: object = {}) => call({ ...get("/x"), ...more }, {}, { reply });

describe("an answer", () => {
  test("is the result's text, byte for byte", () => {
    const body = '{"a": 1.50,\n "b": "é<"}';
    expect(answered({ headers: json, body }).result).toEqual({
      content: [{ type: "text", text: body }],
      isError: false,
    });
  });

  test("without a body is a success", () => {
    expect(answered({ status: 204 }).text).toBe("success");
  });

  test("stands between prependBody and appendBody", () => {
    const responseTemplate = { prependBody: "{{not a template}}\n", appendBody: "." };
    expect(answered({ body: "b" }, { responseTemplate }).text).toBe("{{not a template}}\nb.");
  });

  test("goes through the template; what is no JSON is the tool's failure", () => {
    const responseTemplate = { body: "{{range .l}}[{{.k}}]{{end}}" };
    expect(answered({ body: '{"l":[{"k":1},{"k":"x"}]}' }, { responseTemplate }).text).toBe("[1][x]");
    expect(answered({ body: "<html>" }, { responseTemplate }).result).toEqual({
      content: [
        {
          type: "text",
          text: "error executing response template: template: response: data must be a valid JSON object or array",
        },
      ],
      isError: true,
    });
  });

  test("that is an image is one, whatever the case and parameters of its type", () => {
    const { result } = answered({
      headers: { "content-type": "Image/PNG; a=b" },
      body: new Uint8Array([0, 255, 1, 2]),
    });
    expect(result.content).toEqual([{ type: "image", data: "AP8BAg==", mimeType: "image/png" }]);
  });

  test("whose bytes are no UTF-8 is text that clients can read", () => {
    expect(answered({ body: new Uint8Array([0x61, 0xff, 0x62]) }).text).toBe("a\ufffdb");
  });

  test("is bounded", () => {
    const big = call(get("/x"), {}, { reply: { body: "x".repeat(2000) }, more: { maxAnswerBytes: 1000 } });
    expect(big.error?.message).toBe("the upstream's answer is too large");
  });
});

describe("structured content", () => {
  const outputSchema = { type: "object", properties: { a: {} } };
  test("is the upstream's object, whatever the text", () => {
    const { result } = answered(
      { body: '{"a":1}' },
      { outputSchema, responseTemplate: { body: "a is {{.a}}" } },
    );
    expect(result).toEqual({
      content: [{ type: "text", text: "a is 1" }],
      isError: false,
      structuredContent: { a: 1 },
    });
  });
  test.each(["[1]", "7", "text", "null"])("is never %s", (body) => {
    expect(answered({ body }, { outputSchema }).result).not.toHaveProperty("structuredContent");
  });
  test("is absent without an output schema", () => {
    expect(answered({ body: '{"a":1}' }, { outputSchema: {} }).result).not.toHaveProperty(
      "structuredContent",
    );
  });
});

describe("an error status", () => {
  const errorResponseTemplate =
    '{{gjson "_headers.:status"}} {{.message}}{{._body}} {{gjson "_headers.x-id"}}';
  test("is the tool's failure with status and body", () => {
    expect(answered({ status: 404, body: "no" }).result).toEqual({
      content: [{ type: "text", text: "call failed, status: 404, response: no" }],
      isError: true,
    });
  });
  test("goes through the error template with the headers", () => {
    const { result } = answered(
      { status: 500, headers: { ...json, "x-id": "7" }, body: '{"message":"broken"}' },
      { errorResponseTemplate },
    );
    expect(result).toEqual({ content: [{ type: "text", text: "500 broken 7" }], isError: true });
  });
  test("without JSON shows the template its text", () => {
    const { text } = answered(
      { status: 503, headers: { "x-id": "8" }, body: 'over "load"' },
      { errorResponseTemplate },
    );
    expect(text).toBe('503 over "load" 8');
  });
  test("with an empty rendering is told as without a template", () => {
    expect(answered({ status: 500, body: "{}" }, { errorResponseTemplate: "{{.no}}" }).text).toBe(
      "call failed, status: 500, response: {}",
    );
  });
});

test("a tool without a URL answers by its template alone", () => {
  const tool = {
    args: [{ name: "who" }],
    requestTemplate: {},
    responseTemplate: { body: '{"hello":"{{.args.who}} of {{.config.c}}"}' },
    outputSchema: { type: "object" },
  };
  const { upstream, result } = call(tool, { who: "ann" }, { server: { config: { c: "x" } } });
  expect(upstream).toBeUndefined();
  expect(result).toEqual({
    content: [{ type: "text", text: '{"hello":"ann of x"}' }],
    isError: false,
    structuredContent: { hello: "ann of x" },
  });
});
