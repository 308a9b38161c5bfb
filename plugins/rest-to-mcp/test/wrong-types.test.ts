// Values of another type than a key takes, and keys in another case, as Go's decoder has it: inside tools, schemes and
// sets the type is an error that names the field, what was expected and what was found, and the case does not matter.

import { expect, test } from "vitest";
import { specOf } from "../../../host-test/testing/chain.ts";
import { ask, endpoint, higress, oneTool } from "./endpoint.ts";
import { call, refusalOfConfiguration, server } from "./rest.ts";

const tool = (more: object) => ({
  server,
  tools: [{ name: "t", requestTemplate: { url: "/x" }, ...more }],
});
const request = (more: object) => tool({ requestTemplate: { url: "/x", ...more } });
const argument = (more: object) => tool({ args: [{ name: "a", ...more }] });
const secured = (more: object) => ({ ...oneTool, server: { ...server, ...more } });
const scheme = (more: object) => secured({ securitySchemes: [{ id: "s", type: "http", ...more }] });

const wrong: [string, object, string][] = [
  ["tools[0].name", tool({ name: 7 }), "tool config: expected a string, found a number"],
  ["tools[0].description", tool({ description: [] }), "tool config: expected a string, found a list"],
  ["tools[0].args", tool({ args: {} }), "tool config: expected a list, found an object"],
  ["tools[0].args[0].name", argument({ name: true }), "tool config: expected a string, found true or false"],
  ["tools[0].args[0].type", argument({ type: ["string"] }), "tool config: expected a string, found a list"],
  [
    "tools[0].args[0].required",
    argument({ required: "true" }),
    "tool config: expected true or false, found a string",
  ],
  ["tools[0].args[0].enum", argument({ enum: "a" }), "tool config: expected a list, found a string"],
  ["tools[0].args[0].position", argument({ position: 1 }), "tool config: expected a string, found a number"],
  [
    "tools[0].requestTemplate",
    tool({ requestTemplate: "/x" }),
    "tool config: expected an object, found a string",
  ],
  ["tools[0].requestTemplate.url", request({ url: 7 }), "tool config: expected a string, found a number"],
  [
    "tools[0].requestTemplate.headers",
    request({ headers: {} }),
    "tool config: expected a list, found an object",
  ],
  [
    "tools[0].requestTemplate.headers[0].value",
    request({ headers: [{ key: "a", value: 1 }] }),
    "tool config: expected a string, found a number",
  ],
  [
    "tools[0].requestTemplate.argsToJsonBody",
    request({ argsToJsonBody: "yes" }),
    "tool config: expected true or false, found a string",
  ],
  [
    "tools[0].requestTemplate.security.passthrough",
    request({ security: { passthrough: 1 } }),
    "tool config: expected true or false, found a number",
  ],
  [
    "tools[0].responseTemplate.body",
    tool({ responseTemplate: { body: {} } }),
    "tool config: expected a string, found an object",
  ],
  [
    "tools[0].errorResponseTemplate",
    tool({ errorResponseTemplate: 7 }),
    "tool config: expected a string, found a number",
  ],
  ["tools[0].outputSchema", tool({ outputSchema: [] }), "tool config: expected an object, found a list"],
  ["tools[0].security", tool({ security: "s" }), "tool config: expected an object, found a string"],
  [
    "server.securitySchemes[0].id",
    scheme({ id: 7 }),
    "security scheme config: expected a string, found a number",
  ],
  [
    "server.securitySchemes[0].defaultCredential",
    scheme({ defaultCredential: {} }),
    "security scheme config: expected a string, found an object",
  ],
  [
    "server.defaultUpstreamSecurity.id",
    secured({ defaultUpstreamSecurity: { id: [] } }),
    "defaultUpstreamSecurity config: expected a string, found a list",
  ],
  [
    "server.defaultDownstreamSecurity.passthrough",
    secured({ defaultDownstreamSecurity: { passthrough: "true" } }),
    "defaultDownstreamSecurity config: expected true or false, found a string",
  ],
];
test.each(wrong)(
  "%s of another type is refused by its path, with what was expected and found",
  async (path, configuration, problem) => {
    expect(await refusalOfConfiguration(configuration)).toContain(`${path}: failed to parse ${problem}`);
  },
);

test.each([
  ["tools[0]", { server, tools: ["t"] }, "failed to parse tool config: expected an object"],
  [
    "server.securitySchemes[0]",
    secured({ securitySchemes: [7] }),
    "failed to parse security scheme config: expected an object",
  ],
  [
    "server.defaultUpstreamSecurity",
    secured({ defaultUpstreamSecurity: "s" }),
    "failed to parse defaultUpstreamSecurity config: expected an object",
  ],
])("%s is no object", async (path, configuration, problem) => {
  expect(await refusalOfConfiguration(configuration)).toContain(`${path}: ${problem}`);
});

test("nothing of a set can be taken for something else", async () => {
  for (const toolSet of [
    7,
    "x",
    [],
    { name: 7, serverTools: {} },
    { serverTools: [{ serverName: {}, tools: 1 }] },
  ]) {
    const chain = endpoint(oneTool);
    const configuration = { toolSet };
    try {
      await chain.chain.reconfigure([specOf({ name: "rest-to-mcp", module: higress, configuration })]);
      expect(ask(chain, "tools/list").json.result).toEqual({ tools: [] });
    } catch {
      expect(chain.problems().join()).toContain("toolSet");
    } finally {
      chain.close();
    }
  }
});

test("inside tools and schemes keys may be written in any case; one in its own case comes first", () => {
  const upper = {
    NAME: "other",
    Args: [{ Name: "q", POSITION: "Query", Default: "d" }],
    RequestTemplate: { URL: "/v1", Method: "POST", HEADERS: [{ Key: "X-A", VALUE: "{{.args.q}}" }] },
    responsetemplate: { PREPENDBODY: "> " },
  };
  const securityschemes = [
    { ID: "k", Type: "apiKey", IN: "header", Name: "x-key", DefaultCredential: "secret" },
  ];
  const { upstream, text } = call(
    upper,
    {},
    { server: { securitySchemes: securityschemes, defaultUpstreamSecurity: { Id: "k" } } },
  );
  expect([":method", ":path", "x-a", "x-key"].map((name) => upstream!.header(name))).toEqual([
    "POST",
    "/v1?q=d",
    "d",
    "secret",
  ]);
  expect(text).toBe("> done");
});
