// Error bodies between the dialects.
import { expect, test } from "vitest";
import { loadConversion } from "./conversion.ts";

const conversion = await loadConversion();

test.each([
  [400, "invalid_request_error", "invalid_request_error"],
  [401, "authentication_error", "authentication_error"],
  [402, "billing_error", "insufficient_quota"],
  [403, "permission_error", "permission_error"],
  [404, "not_found_error", "not_found_error"],
  [408, "timeout_error", "timeout_error"],
  [413, "request_too_large", "request_too_large"],
  [422, "invalid_request_error", "invalid_request_error"],
  [429, "rate_limit_error", "rate_limit_error"],
  [500, "api_error", "server_error"],
  [502, "api_error", "server_error"],
  [503, "overloaded_error", "overloaded_error"],
  [504, "timeout_error", "timeout_error"],
  [529, "overloaded_error", "overloaded_error"],
])("status %i is %s to Anthropic's clients and %s to OpenAI's", (status, anthropic, openai) => {
  const body = JSON.stringify({ error: { message: 'm "q"', type: "anything", code: null } });
  expect(conversion.error("anthropic", body, status).body).toEqual({
    type: "error",
    error: { type: anthropic, message: 'm "q"' },
  });
  expect(conversion.error("openai", body, status).body).toEqual({
    error: { message: 'm "q"', type: openai, param: null, code: null },
  });
});

// Without a status, as in a stream, the words decide.
test.each([
  [{ error: { type: "requests", message: "m" } }, "rate_limit_error"],
  [{ error: { type: "insufficient_quota", message: "m" } }, "billing_error"],
  [{ error: { code: "context_length_exceeded", message: "m" } }, "invalid_request_error"],
  [{ error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "m" } }, "rate_limit_error"],
  [[{ error: { code: 503, message: "m" } }], "overloaded_error"],
  [{ error: { code: 99, message: "m" } }, "api_error"],
  [{ type: "error", error: { type: "overloaded_error", message: "m" } }, "overloaded_error"],
  [{ error: "m" }, "api_error"],
  [{ object: "error", message: "m" }, "api_error"],
  [{ detail: "m" }, "api_error"],
])("%j is %s", (body, type) => {
  expect(conversion.error("anthropic", JSON.stringify(body), 0).body).toEqual({
    type: "error",
    error: { type, message: "m" },
  });
});

test("code and request id go where the dialect has them", () => {
  const body = JSON.stringify({
    error: { message: "m", type: "t", code: "model_not_found" },
    request_id: "req_1",
  });
  expect(conversion.error("openai", body, 404).body.error.code).toBe("model_not_found");
  expect(conversion.error("anthropic", body, 404).body.request_id).toBe("req_1");
});

test.each([[""], ["<html>Bad gateway</html>"], ["{}"], ["[]"], ["3"], ['{"error":null}'], ['{"error":3}']])(
  "%j is no known error, and what is written has a message all the same",
  (body) => {
    const { status, body: written } = conversion.error("anthropic", body, 502);
    expect(status).toBe(0);
    expect(written.error.message).not.toBe("");
    expect(written.error.type).toBe("api_error");
  },
);

const list = { detail: [{ loc: ["body", "messages", 0], msg: "Field required" }, { msg: 'and "this"' }] };
const listed = 'body.messages.0: Field required; and "this"';

test.each([
  ["a list of faults", JSON.stringify(list), listed],
  ["a list of faults as Mistral sends it", JSON.stringify({ object: "error", message: list }), listed],
  ["a list of texts", '{"detail":["a","b"]}', "a; b"],
  ["a list of errors", '{"success":false,"errors":[{"code":7003,"message":"m"}]}', "m"],
  ["Baidu's words", '{"error_code":336003,"error_msg":"m"}', "m"],
  ["an event of a stream", 'id:1\nevent:error\n:HTTP_STATUS/400\ndata: {"code":"c","message":"m"}\n\n', "m"],
  ["plain text", " upstream connect error\n", "upstream connect error"],
  ["text as JSON", '"no"', "no"],
  ["a web page", "<html>Bad gateway</html>", "The provider answered with status 502 and no message."],
  ["nothing", "", "The provider answered with status 502 and no message."],
  ["bytes", "\u0000\u0001", "\u0000\u0001"],
])("the message of %s reaches the client", (_, body, message) => {
  expect(conversion.error("openai", body, 502).body.error.message).toBe(message);
  expect(conversion.error("anthropic", body, 502).body.error.message).toBe(message);
});
