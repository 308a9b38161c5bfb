// The official clients, unmodified, on both engines: each opens in its own way on the same endpoint.

import { expect, test } from "vitest";
import { Client as EarlierClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as EarlierTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describeEngines } from "../../../host-test/testing/scenario.ts";
import { modern, oneTool } from "./endpoint.ts";

const who = { name: "test", version: "1" };

describeEngines("rest-to-mcp", (engine) => {
  const gateway = engine.shared({
    plugins: [{ plugin: "rest-to-mcp", configuration: oneTool }],
    upstreams: { "service.static": { body: "ok" } },
  });
  const url = () => new URL(`http://127.0.0.1:${gateway.port}/mcp`);

  test("the first generation's client settles on 2025-11-25 and lists", async () => {
    const client = new EarlierClient(who);
    const transport = new EarlierTransport(url());
    await client.connect(transport);
    expect(client.getServerVersion()).toMatchObject({ name: "greeter", version: "1.0.0" });
    expect(transport.protocolVersion).toBe("2025-11-25");
    expect(Array.isArray((await client.listTools()).tools)).toBe(true);
    await client.ping();
    await client.close();
  });

  const modes = [
    ["auto", "auto", modern],
    ["legacy", "legacy", "2025-11-25"],
    ["pinned", { pin: modern }, modern],
  ] as const;
  test.each(modes)("the second generation's client, %s, lists", async (_, mode, revision) => {
    const client = new Client(who, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(url()));
    expect(client.getNegotiatedProtocolVersion()).toBe(revision);
    expect(Array.isArray((await client.listTools()).tools)).toBe(true);
    await client.close();
  });
});
