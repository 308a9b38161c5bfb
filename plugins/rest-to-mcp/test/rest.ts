// A REST server of one tool in the chain of endpoint.ts, and what a call of it does.

import { specOf, type TestReply, type UpstreamSees } from "../../../host-test/testing/chain.ts";
import { ask, endpoint, higress, oneTool } from "./endpoint.ts";

export interface Call {
  upstream: UpstreamSees | undefined;
  result: { content: { type: string; text: string }[]; isError: boolean; structuredContent?: unknown };
  text: string;
  error: { code: number; message: string } | undefined;
}

export interface Setup {
  server?: object;
  /** More keys of the configuration. */
  more?: object;
  reply?: TestReply;
  headers?: Record<string, string>;
  path?: string;
  revision?: string;
}

export const server = { name: "api" };

/** Configures the tool alone and calls it once. */
export function call(tool: object, args: unknown, setup: Setup = {}): Call {
  let seen: UpstreamSees | undefined;
  const chain = endpoint(
    { server: { ...server, ...setup.server }, tools: [{ name: "t", ...tool }], ...setup.more },
    {
      upstream: (request) => {
        seen = request;
        return setup.reply ?? { body: "done" };
      },
    },
  );
  try {
    return callOn(chain, args, setup, () => seen);
  } finally {
    chain.close();
  }
}

function callOn(
  chain: ReturnType<typeof endpoint>,
  args: unknown,
  setup: Setup,
  seen: () => UpstreamSees | undefined,
): Call {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 7,
    method: "tools/call",
    params: { name: "t", arguments: args },
  });
  const { client } = chain.exchange({
    method: "POST",
    path: setup.path ?? "/mcp",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": setup.revision ?? "2025-06-18",
      ...setup.headers,
    },
    body,
  });
  const answer = JSON.parse(client.text) as { result: Call["result"]; error?: Call["error"] };
  return {
    upstream: seen(),
    result: answer.result,
    text: answer.result?.content[0]?.text ?? "",
    error: answer.error,
  };
}

/** The tools that a configuration lists. */
export function listed(tools: object[]): unknown {
  const chain = endpoint({ server, tools });
  try {
    return ask(chain, "tools/list").json.result?.tools;
  } finally {
    chain.close();
  }
}

export function get(url: string, args: object[] = [], more: object = {}): object {
  return { args, requestTemplate: { url, method: "GET", ...more } };
}

export function post(requestTemplate: object, args: object[] = [], more: object = {}): object {
  return { args, requestTemplate: { url: "/x", method: "POST", ...requestTemplate }, ...more };
}

/** The errors that the plugin logs while it refuses the tools, or "" when it takes them. */
export async function refusalOf(tools: object[], more: object = {}): Promise<string> {
  return refusalOfConfiguration({ server: { ...server, ...more }, tools });
}

/** The same of a whole configuration. */
export async function refusalOfConfiguration(configuration: object): Promise<string> {
  const chain = endpoint(oneTool);
  try {
    await chain.chain.reconfigure([specOf({ name: "rest-to-mcp", module: higress, configuration })]);
    return "";
  } catch {
    return chain.problems().join("\n");
  } finally {
    chain.close();
  }
}
