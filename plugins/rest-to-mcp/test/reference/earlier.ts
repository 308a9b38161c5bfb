// Reference servers of the revisions with `initialize`, on the protocol's own implementation of that generation.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  isInitializeRequest,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";
import { failure, fixedTools, forms, promptArguments, prompts, resources, templated } from "./content.ts";
import { listen, type Reference } from "./listen.ts";

const said = (text: string) => ({ content: [{ type: "text" as const, text }] });

function makeServer(): McpServer {
  const server = new McpServer(
    { name: "reference", version: "1.0.0" },
    {
      capabilities: { tools: {}, prompts: {}, resources: { subscribe: true }, logging: {}, completions: {} },
    },
  );
  for (const [name, content] of Object.entries(fixedTools)) {
    server.registerTool(name, { description: name }, () => ({ content }));
  }
  server.registerTool("test_error_handling", { description: "Fails." }, () => ({
    ...said(failure),
    isError: true,
  }));
  server.registerTool(
    "add",
    { description: "Adds.", inputSchema: { a: z.number(), b: z.number() } },
    ({ a, b }) => said(String(a + b)),
  );
  server.registerTool("whoami", { description: "Who calls." }, ({ requestInfo, sessionId }) => {
    const { authorization, "x-user": user } = requestInfo?.headers ?? {};
    return said(JSON.stringify({ authorization, user, sessionId }));
  });
  registerTalkingTools(server);
  registerRest(server);
  return server;
}

/** Tools that say something while they run, or ask the client. */
function registerTalkingTools(server: McpServer): void {
  server.registerTool("test_tool_with_logging", { description: "Logs." }, async ({ sendNotification }) => {
    for (const data of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
      await sendNotification({ method: "notifications/message", params: { level: "info", data } });
      await pause(20);
    }
    return said("done");
  });
  server.registerTool("test_tool_with_progress", { description: "Progresses." }, async (extra) => {
    const { _meta, sendNotification } = extra;
    for (const progress of [0, 50, 100]) {
      const progressToken = _meta?.progressToken;
      if (progressToken !== undefined) {
        const params = { progressToken, progress, total: 100 };
        await sendNotification({ method: "notifications/progress", params });
      }
      await pause(20);
    }
    return said("done");
  });
  const prompt = { prompt: z.string() };
  server.registerTool(
    "test_sampling",
    { description: "Samples.", inputSchema: prompt },
    async (given, extra) => {
      const messages = [{ role: "user" as const, content: { type: "text" as const, text: given.prompt } }];
      const answer = await extra.sendRequest(
        { method: "sampling/createMessage", params: { messages, maxTokens: 100 } },
        CreateMessageResultSchema,
      );
      return said(`LLM response: ${"text" in answer.content ? answer.content.text : ""}`);
    },
  );
  const asking: [string, keyof typeof forms, string][] = [
    ["test_elicitation", "person", "User response"],
    ["test_elicitation_sep1034_defaults", "defaults", "Elicitation completed"],
    ["test_elicitation_sep1330_enums", "enums", "Elicitation completed"],
  ];
  for (const [name, form, label] of asking) {
    const inputSchema = { message: z.string().optional() };
    server.registerTool(name, { description: "Asks.", inputSchema }, async ({ message }, extra) => {
      const params = { message: message ?? "Please fill in.", requestedSchema: forms[form] as never };
      const answer = await extra.sendRequest({ method: "elicitation/create", params }, ElicitResultSchema);
      return said(`${label}: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    });
  }
}

/** Resources, prompts, completions. */
function registerRest(server: McpServer): void {
  for (const [uri, content] of Object.entries(resources)) {
    const about = { description: uri, mimeType: content.mimeType };
    server.registerResource(uri, uri, about, () => ({ contents: [{ uri, ...content }] }));
  }
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource("template", template, { mimeType: "application/json" }, (uri, { id }) => ({
    contents: [{ uri: uri.href, mimeType: "application/json", text: templated(String(id)) }],
  }));
  for (const [name, make] of Object.entries(prompts)) {
    const names = promptArguments[name as keyof typeof prompts];
    const argsSchema = Object.fromEntries(names.map((one) => [one, z.string()]));
    server.registerPrompt(name, { description: name, argsSchema }, (given) => ({
      messages: make(given as Record<string, string>),
    }));
  }
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  server.server.setRequestHandler(CompleteRequestSchema, () => ({
    completion: { values: ["paris", "park", "party"], total: 3, hasMore: false },
  }));
}

/** Streamable HTTP with sessions. */
export async function startEarlier(): Promise<
  Reference & { sessions: Map<string, StreamableHTTPServerTransport> }
> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const reference = await listen(async (request, response, body) => {
    const id = request.headers["mcp-session-id"];
    let transport = typeof id === "string" ? sessions.get(id) : undefined;
    if (transport === undefined && isInitializeRequest(body)) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => void sessions.set(session, transport!),
        onsessionclosed: (session) => void sessions.delete(session),
      });
      await makeServer().connect(transport as never);
    }
    if (transport === undefined) {
      const error = { code: -32000, message: "No valid session ID" };
      response.writeHead(id === undefined ? 400 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
      return;
    }
    await transport.handleRequest(request, response, body);
  });
  return { ...reference, sessions };
}

/** The transport of 2024-11-05: a stream of events, and messages beside it. */
export async function startSse(): Promise<Reference> {
  const streams = new Map<string, SSEServerTransport>();
  const reference = await listen(async (request, response, body) => {
    const url = new URL(request.url ?? "/", "http://reference");
    if (request.method === "GET" && url.pathname === "/mcp") {
      const transport = new SSEServerTransport("/messages", response);
      streams.set(transport.sessionId, transport);
      response.on("close", () => streams.delete(transport.sessionId));
      await makeServer().connect(transport);
      return;
    }
    const transport = streams.get(url.searchParams.get("sessionId") ?? "");
    if (transport === undefined) response.writeHead(404).end();
    else await transport.handlePostMessage(request, response, body);
  });
  return reference;
}
