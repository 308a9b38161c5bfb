// Configurations of REST tools that are refused, in the words of Higress's plugin.

import { expect, test } from "vitest";
import { post, refusalOf } from "./rest.ts";

const body = "{{.a.l.0}}";
const refused: [string, object, string][] = [
  [
    "two places for all arguments",
    post({ argsToJsonBody: true, argsToUrlParam: true }),
    "only one of argsToJsonBody, argsToUrlParam, or argsToFormBody can be set to true",
  ],
  ["a broken URL", post({ url: "/{{.a" }), "error parsing URL template: template: url:1:"],
  [
    "a broken header",
    post({
      headers: [
        { key: "K", value: "ok" },
        { key: "X-K", value: "{{nosuch 1}}" },
      ],
    }),
    'error parsing header template for X-K: template: header_1:1:3: function "nosuch" not defined',
  ],
  ["a broken body", post({ body }), "error parsing body template: template: body:1:"],
  [
    "body and prependBody",
    post({}, [], { responseTemplate: { body: "x", prependBody: "y" } }),
    "PrependBody and AppendBody cannot be used when Body is specified",
  ],
  [
    "a broken response",
    post({}, [], { responseTemplate: { body } }),
    "error parsing response template: template: response:1:",
  ],
  ["no way to answer", { requestTemplate: {} }, "direct response mode must set responseTemplate.body"],
  [
    "a broken error response",
    post({}, [], { errorResponseTemplate: body }),
    "error parsing error response template: template: errorResponse:1:",
  ],
];
test.each(refused)("%s", async (_, tool, error) => {
  const tools = [
    { name: "fine", ...post({}) },
    { name: "bad", ...tool },
  ];
  expect(await refusalOf(tools)).toContain(`tools[1]: failed to add tool bad: ${error}`);
});

test("required that is no truth value", async () => {
  const tools = [{ name: "t", ...post({}, [{ name: "a", required: "true" }]) }];
  expect(await refusalOf(tools)).toContain(
    "tools[0].args[0].required: failed to parse tool config: expected true or false, found a string",
  );
});
