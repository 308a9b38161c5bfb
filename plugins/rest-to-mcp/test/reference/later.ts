// Reference servers of the stateless revisions, on the protocol's own implementation of that generation.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  acceptedContent,
  createMcpHandler,
  inputRequired,
  McpServer,
  ResourceTemplate,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { failure, fixedTools, promptArguments, prompts, resources, templated } from "./content.ts";
import { listen, serveWeb, type Reference } from "./listen.ts";

const said = (text: string) => ({ content: [{ type: "text" as const, text }] });

function makeServer(options: { supportedProtocolVersions?: string[] } = {}): McpServer {
  const server = new McpServer(
    { name: "reference", version: "2.0.0" },
    {
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} },
      instructions: "Add, and ask.",
      ...options,
    },
  );
  for (const [name, content] of Object.entries(fixedTools)) {
    server.registerTool(name, { description: name }, () => ({ content }));
  }
  server.registerTool("test_error_handling", { description: "Fails." }, () => ({
    ...said(failure),
    isError: true,
  }));
  const numbers = z.object({ a: z.number(), b: z.number() });
  server.registerTool("add", { description: "Adds.", inputSchema: numbers }, ({ a, b }) =>
    said(String(a + b)),
  );
  server.registerTool("test_tool_with_progress", { description: "Progresses." }, async (ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        const params = { progressToken, progress, total: 100 };
        await ctx.mcpReq.notify({ method: "notifications/progress", params });
      }
      await pause(20);
    }
    return said("done");
  });
  const name = z.object({ name: z.string() });
  server.registerTool("test_input_required_result_elicitation", { description: "Asks." }, (ctx) => {
    const given = acceptedContent(ctx.mcpReq.inputResponses, "user_name", name);
    if (given !== undefined) return said(`Hello, ${given.name}!`);
    const message = "What is your name?";
    return inputRequired({
      inputRequests: { user_name: inputRequired.elicit({ message, requestedSchema: name }) },
    });
  });
  registerRest(server);
  return server;
}

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
    const argsSchema = z.object(Object.fromEntries(names.map((one) => [one, z.string()])));
    server.registerPrompt(name, { description: name, argsSchema }, (given) => ({
      messages: make(given as Record<string, string>),
    }));
  }
  server.server.setRequestHandler("completion/complete", () => ({
    completion: { values: ["paris", "park", "party"], total: 3, hasMore: false },
  }));
}

/** `reject`: the stateless revisions alone. */
export async function startLater(legacy: "stateless" | "reject" = "reject"): Promise<Reference> {
  const handler = createMcpHandler(() => makeServer(), { legacy });
  return listen((request, response, body) => serveWeb((web) => handler.fetch(web), request, response, body));
}

/** One revision with `initialize`, and sessions. */
export async function startPinned(revision: string): Promise<Reference> {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  return listen(async (request, response, body) => {
    const id = request.headers["mcp-session-id"];
    let transport = typeof id === "string" ? sessions.get(id) : undefined;
    if (transport === undefined) {
      transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => void sessions.set(session, transport!),
        onsessionclosed: (session) => void sessions.delete(session),
      });
      await makeServer({ supportedProtocolVersions: [revision] }).connect(transport);
    }
    const answering = transport;
    await serveWeb((web) => answering.handleRequest(web), request, response, body);
  });
}
