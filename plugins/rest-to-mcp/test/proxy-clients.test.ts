// Official clients of both generations, unmodified, to official servers of every era, through mcp-proxy and over real
// sockets: whatever opens the conversation, tools are listed and called.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client as EarlierClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as EarlierTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describeEngines, type Engine, type Gateway } from "../../../host-test/testing/scenario.ts";
import { modern } from "./endpoint.ts";
import { proxied } from "./proxy.ts";
import { startEarlier, startSse } from "./reference/earlier.ts";
import { startLater } from "./reference/later.ts";
import type { Reference } from "./reference/listen.ts";

const who = { name: "test", version: "1" };

const references = {
  "initialize and sessions": await startEarlier(),
  "stateless only": await startLater("reject"),
  "both eras": await startLater("stateless"),
  "HTTP+SSE of 2024-11-05": await startSse(),
};

afterAll(() => Promise.all(Object.values(references).map((reference) => reference.close())));

function start(engine: Engine, reference: Reference, server: object = {}): Gateway {
  const transport = reference === references["HTTP+SSE of 2024-11-05"] ? "sse" : "http";
  const configuration = { server: { ...proxied, mcpServerURL: reference.url, transport, ...server } };
  return engine.shared({
    plugins: [{ plugin: "rest-to-mcp", configuration }],
    upstreams: { "reference.static": { address: reference.address } },
  });
}

async function earlierClient(url: URL): Promise<EarlierClient> {
  const client = new EarlierClient(who);
  await client.connect(new EarlierTransport(url) as never);
  return client;
}

async function laterClient(url: URL): Promise<Client> {
  const client = new Client(who, { versionNegotiation: { mode: { pin: modern } } });
  await client.connect(new StreamableHTTPClientTransport(url));
  return client;
}

describeEngines("mcp-proxy", (engine) => {
  describe.each(Object.entries(references))("to a server with %s", (era, reference) => {
    const gateway = start(engine, reference);
    const url = (): URL => new URL(`http://127.0.0.1:${gateway.port}/mcp`);

    test.each([
      ["a client that opens with initialize", earlierClient],
      ["a stateless client", laterClient],
    ] as const)("%s lists and calls", async (_, connect) => {
      const client = await connect(url());
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain("add");
      const sum = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } });
      expect(sum.content).toEqual([{ type: "text", text: "5" }]);
      const failed = await client.callTool({ name: "test_error_handling" });
      expect(failed.isError).toBe(true);
      const mixed = await client.callTool({ name: "test_multiple_content_types" });
      expect(mixed.content).toHaveLength(3);
      await client.close();
    });

    test("what the server says of an unknown tool reaches both clients", async () => {
      const said = async (client: EarlierClient | Client): Promise<string> => {
        const call = client.callTool({ name: "nobody" });
        const text = await call.then(
          (result) => JSON.stringify(result),
          (error: unknown) => String(error),
        );
        await client.close();
        return text;
      };
      expect(await said(await earlierClient(url()))).toContain("nobody not found");
      expect(await said(await laterClient(url()))).toContain("nobody not found");
    });
  });

  describe("to a server with initialize", () => {
    const gateway = start(engine, references["initialize and sessions"]);

    test("the reply is taken out of a stream that brings progress and logs first", async () => {
      const client = await earlierClient(new URL(`http://127.0.0.1:${gateway.port}/mcp`));
      for (const name of ["test_tool_with_progress", "test_tool_with_logging"]) {
        const result = await client.callTool({ name });
        expect(result.content).toEqual([{ type: "text", text: "done" }]);
      }
      await client.close();
    });
  });

  describe.each(["initialize and sessions", "HTTP+SSE of 2024-11-05"] as const)(
    "to a server with %s",
    (era) => {
      const gateway = start(engine, references[era]);

      test("a tool that asks while it runs is told at once that nobody answers", async () => {
        const client = await earlierClient(new URL(`http://127.0.0.1:${gateway.port}/mcp`));
        const result = await client.callTool({ name: "test_elicitation", arguments: { message: "?" } });
        expect(result.isError).toBe(true);
        expect(JSON.stringify(result.content)).toContain("the gateway has nobody who could answer this");
        await client.close();
      });
    },
  );

  describe("to a stateless server", () => {
    const gateway = start(engine, references["stateless only"]);
    const url = (): URL => new URL(`http://127.0.0.1:${gateway.port}/mcp`);

    test("what a tool would have to ask is named in its failure", async () => {
      const client = await earlierClient(url());
      const result = await client.callTool({ name: "test_input_required_result_elicitation" });
      expect(result.isError).toBe(true);
      expect(JSON.stringify(result.content)).toContain("Cannot request input 'user_name'");
      await client.close();
    });

    test("a stateless client answers it, and is told of progress", async () => {
      const client = new Client(who, {
        versionNegotiation: { mode: { pin: modern } },
        capabilities: { elicitation: { form: {} } },
      });
      client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name: "Ada" } }));
      await client.connect(new StreamableHTTPClientTransport(url()));
      const result = await client.callTool({ name: "test_input_required_result_elicitation" });
      expect(result.content).toEqual([{ type: "text", text: "Hello, Ada!" }]);
      const steps: number[] = [];
      const onprogress = ({ progress }: { progress: number }): void => void steps.push(progress);
      await client.callTool({ name: "test_tool_with_progress" }, { onprogress });
      expect(steps).toEqual([0, 50, 100]);
      await client.close();
    });
  });

  describe("with sessions that are kept", () => {
    const reference = references["initialize and sessions"];
    const gateway = start(engine, reference, { reuseSessions: true, passthroughAuthHeader: true });

    const call = async (user: string, tool = "whoami"): Promise<Record<string, string>> => {
      const answer = await gateway.send({
        path: "/mcp",
        headers: {
          "content-type": "application/json",
          authorization: user,
          "mcp-protocol-version": "2025-06-18",
        },
        body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool } },
      });
      const { result } = answer.json() as { result: { content: [{ text: string }] } };
      return JSON.parse(result.content[0].text);
    };

    test("one caller has one, and no two callers share one, in whatever order they come", async () => {
      const users = ["Bearer a", "Bearer b", "Bearer c"];
      for (const user of users) await call(user);
      const turns = Array.from({ length: 60 }, (_, turn) => users[(turn * 7 + (turn >> 2)) % users.length]!);
      const seen = await Promise.all(turns.map((user) => call(user)));
      const sessions = new Map<string, Set<string>>();
      seen.forEach(({ authorization, sessionId }, turn) => {
        expect(authorization).toBe(turns[turn]);
        sessions.set(authorization!, (sessions.get(authorization!) ?? new Set()).add(sessionId!));
      });
      for (const user of users) expect(sessions.get(user)?.size).toBe(1);
      expect(new Set([...sessions.values()].flatMap((ids) => [...ids])).size).toBe(users.length);
    });

    test("a session that the server has forgotten is opened again", async () => {
      const before = await call("Bearer again");
      references["initialize and sessions"].sessions.delete(before.sessionId!);
      const after = await call("Bearer again");
      expect(after.sessionId).not.toBe(before.sessionId);
      expect((await call("Bearer again")).sessionId).toBe(after.sessionId);
    });
  });

  describe("transparent", () => {
    const gateway = start(engine, references["initialize and sessions"], { transparent: true });

    test("resources, prompts, questions of the server and the end of a session reach the other side", async () => {
      const client = new EarlierClient(who, { capabilities: { sampling: {} } });
      const { CreateMessageRequestSchema } = await import("@modelcontextprotocol/sdk/types.js");
      client.setRequestHandler(CreateMessageRequestSchema, () => ({
        role: "assistant",
        model: "test",
        content: { type: "text", text: "sampled" },
      }));
      const transport = new EarlierTransport(new URL(`http://127.0.0.1:${gateway.port}/mcp`));
      await client.connect(transport as never);
      expect(client.getServerVersion()?.name).toBe("reference");
      expect((await client.listResources()).resources.length).toBeGreaterThan(0);
      expect((await client.getPrompt({ name: "test_simple_prompt" })).messages).toHaveLength(1);
      const result = await client.callTool({ name: "test_sampling", arguments: { prompt: "?" } });
      expect(result.content).toEqual([{ type: "text", text: "LLM response: sampled" }]);
      const session = transport.sessionId!;
      expect(references["initialize and sessions"].sessions.has(session)).toBe(true);
      await transport.terminateSession();
      expect(references["initialize and sessions"].sessions.has(session)).toBe(false);
      await client.close();
    });
  });

  describe("transparent, with tools that are allowed", () => {
    const reference = references["initialize and sessions"];
    const server = { ...proxied, mcpServerURL: reference.url, transparent: true };
    const gateway = engine.shared({
      plugins: [{ plugin: "rest-to-mcp", configuration: { server, allowTools: ["add"] } }],
      upstreams: { "reference.static": { address: reference.address } },
    });
    let client: EarlierClient;
    beforeAll(async () => (client = await earlierClient(new URL(`http://127.0.0.1:${gateway.port}/mcp`))));
    afterAll(() => client.close());

    test("the list shows them only", async () => {
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["add"]);
    });

    test("others do not reach the server", async () => {
      await expect(client.callTool({ name: "whoami" })).rejects.toThrow("Tool not allowed: whoami");
    });

    test("a message that two parsers may read in two ways is not passed on", async () => {
      for (const body of [
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"ping","params":{"name":"whoami"}}',
        '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"whoami"}}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","name":"add"}}',
        '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add","NAME":"whoami"}}',
      ]) {
        const answer = await gateway.send({
          path: "/mcp",
          headers: { "content-type": "application/json" },
          body,
        });
        expect(answer.json()).toMatchObject({ error: { code: -32600 } });
      }
    });
  });
});
