// Every pair of the protocol's five eras: official clients and servers, each held to one revision, on the two sides of
// mcp-proxy. Neither learns that the other is of another time.

import { afterAll, describe, expect, test } from "vitest";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describeEngines, type Engine, type Gateway } from "../../../host-test/testing/scenario.ts";
import { modern } from "./endpoint.ts";
import { proxied } from "./proxy.ts";
import { startSse } from "./reference/earlier.ts";
import { startLater, startPinned } from "./reference/later.ts";
import type { Reference } from "./reference/listen.ts";

const revisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", modern];

const servers: [string, Reference][] = [
  ["2024-11-05 over HTTP+SSE", await startSse()],
  ["2024-11-05", await startPinned("2024-11-05")],
  ["2025-03-26", await startPinned("2025-03-26")],
  ["2025-06-18", await startPinned("2025-06-18")],
  ["2025-11-25", await startPinned("2025-11-25")],
  [modern, await startLater("reject")],
];

afterAll(() => Promise.all(servers.map(([, reference]) => reference.close())));

function start(engine: Engine, era: string, reference: Reference, server: object = {}): Gateway {
  const transport = era.endsWith("SSE") ? "sse" : "http";
  const configuration = { server: { ...proxied, mcpServerURL: reference.url, transport, ...server } };
  return engine.shared({
    plugins: [{ plugin: "rest-to-mcp", configuration }],
    upstreams: { "reference.static": { address: reference.address } },
  });
}

/** A client that speaks this revision and no other. */
async function connected(gateway: Gateway, revision: string): Promise<Client> {
  const mode = revision === modern ? { pin: modern } : "legacy";
  const client = new Client(
    { name: "test", version: "1" },
    { supportedProtocolVersions: [revision], versionNegotiation: { mode } },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${gateway.port}/mcp`)));
  expect(client.getNegotiatedProtocolVersion()).toBe(revision);
  return client;
}

describeEngines("bridging", (engine) => {
  describe.each(servers)("to a server of %s", (era, reference) => {
    const gateway = start(engine, era, reference);

    test.each(revisions)("a client of %s lists and calls", async (revision) => {
      const client = await connected(gateway, revision);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain("add");
      const sum = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } });
      expect(sum.content).toEqual([{ type: "text", text: "5" }]);
      expect((await client.callTool({ name: "test_error_handling" })).isError).toBe(true);
      await client.close();
    });
  });

  const ofOtherEras = servers
    .filter(([era]) => !era.endsWith("SSE"))
    .map(([era, reference]) => ({
      era,
      reference,
      clients: revisions.filter((revision) => (revision === modern) !== (era === modern)),
    }));
  describe.each(ofOtherEras)("to a transparent server of $era", ({ era, reference, clients }) => {
    const gateway = start(engine, era, reference, { transparent: true });

    test.each(clients)(
      "a client of %s is introduced to it, and gets at prompts and resources",
      async (revision) => {
        const client = await connected(gateway, revision);
        expect(client.getServerVersion()).toMatchObject({ name: "reference", version: "2.0.0" });
        expect(client.getInstructions()).toBe("Add, and ask.");
        expect(client.getServerCapabilities()).toMatchObject({ tools: {}, prompts: {}, resources: {} });
        const { prompts } = await client.listPrompts();
        expect(prompts.map(({ name }) => name)).toContain("test_simple_prompt");
        expect((await client.getPrompt({ name: "test_simple_prompt" })).messages).toHaveLength(1);
        const { contents } = await client.readResource({ uri: "test://static-text" });
        expect(contents[0]).toMatchObject({ text: "This is the content of the static text resource." });
        const sum = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } });
        expect(sum.content).toEqual([{ type: "text", text: "5" }]);
        await client.close();
      },
    );
  });
});
