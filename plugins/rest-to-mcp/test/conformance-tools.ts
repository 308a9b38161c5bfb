// The tools that the conformance suite calls by name, as configurations of a REST API, and that API.

import type { Handler } from "../../../host-test/testing/scenario.ts";
import { failure, fixedTools, png, wav } from "./reference/content.ts";

const required = (...names: string[]) => names.map((name) => ({ name, required: true }));

export const conformanceTools = {
  server: { name: "api" },
  allowOrigins: ["localhost", "127.0.0.1"],
  tools: [
    ...["simple_text", "image_content", "audio_content", "error_handling"].map((name) => ({
      name: `test_${name}`,
      requestTemplate: { url: `/${name}`, method: "GET" },
    })),
    ...["embedded_resource", "multiple_content_types"].map((name) => ({
      name: `test_${name}`,
      requestTemplate: { url: `/${name}`, method: "GET" },
      responseTemplate: { asContent: true },
    })),
    { name: "test_logging_tool", requestTemplate: { url: "/simple_text", method: "GET" } },
    {
      name: "test_streaming_elicitation",
      args: required("answer"),
      requestTemplate: { url: "/echo", method: "POST", argsToJsonBody: true },
    },
    {
      name: "add",
      args: [
        { name: "a", type: "number", required: true },
        { name: "b", type: "number", required: true },
      ],
      requestTemplate: { url: "/add", method: "POST", argsToJsonBody: true },
    },
    {
      name: "query_region",
      args: [{ name: "region", required: true, mcpHeader: "Region" }, { name: "query" }],
      requestTemplate: { url: "/echo", method: "POST", argsToJsonBody: true },
    },
    ...[
      ["elicitation", "user_name"],
      ["request_state", "confirm"],
      ["tampered_state", "confirm"],
      ["multi_round", "name", "color"],
    ].map(([name, ...names]) => ({
      name: `test_input_required_result_${name}`,
      args: required(...names),
      requestTemplate: { url: "/echo", method: "POST", argsToJsonBody: true },
      responseTemplate: { prependBody: "state-ok " },
    })),
  ].map((tool) => ({ description: `What the suite calls ${tool.name}.`, ...tool })),
};

export const conformanceApi: Handler = async (exchange) => {
  await exchange.requestEnd;
  const answer = async (status: number, type: string, body: string | Uint8Array): Promise<void> => {
    await exchange.head(status, { "content-type": type });
    await exchange.write(body);
    await exchange.end();
  };
  switch (exchange.request.path) {
    case "/simple_text":
      return answer(200, "text/plain", "This is a simple text response for testing.");
    case "/image_content":
      return answer(200, "image/png", Buffer.from(png, "base64"));
    case "/audio_content":
      return answer(200, "audio/wav", Buffer.from(wav, "base64"));
    case "/add": {
      const { a, b } = JSON.parse(exchange.request.text) as { a: number; b: number };
      return answer(200, "application/json", String(a + b));
    }
    case "/error_handling":
      return answer(500, "text/plain", failure);
    case "/embedded_resource":
      return answer(200, "application/json", JSON.stringify(fixedTools.test_embedded_resource));
    case "/multiple_content_types":
      return answer(200, "application/json", JSON.stringify(fixedTools.test_multiple_content_types));
  }
  return answer(200, "application/json", exchange.request.text);
};
