// Clients that people use, unmodified, on both engines: each opens in its own way on the same endpoint, lists and calls,
// be the tools those of a REST API or of another MCP server.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { Client as EarlierClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as EarlierTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describeEngines, type GatewaySetup } from "../../../host-test/testing/scenario.ts";
import { conformanceApi, conformanceTools } from "./conformance-tools.ts";
import { modern } from "./endpoint.ts";
import { proxied } from "./proxy.ts";
import { startEarlier } from "./reference/earlier.ts";
import { startLater } from "./reference/later.ts";
import type { Reference } from "./reference/listen.ts";

const who = { name: "test", version: "1" };
const home = mkdtempSync(join(tmpdir(), "mcp-clients-"));
const references = [await startEarlier(), await startLater("reject")] as const;

afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  for (const reference of references) await reference.close();
});

function behind(reference: Reference): GatewaySetup {
  const server = { ...proxied, mcpServerURL: reference.url };
  return {
    plugins: [{ plugin: "rest-to-mcp", configuration: { server } }],
    upstreams: { "reference.static": { address: reference.address } },
  };
}

const endpoints: [string, GatewaySetup, string][] = [
  [
    "a REST API",
    {
      plugins: [{ plugin: "rest-to-mcp", configuration: conformanceTools }],
      upstreams: { "api.static": conformanceApi },
    },
    "api",
  ],
  ["an MCP server with initialize", behind(references[0]), "proxy"],
  ["a stateless MCP server", behind(references[1]), "proxy"],
];

/** What a program that was installed from npm prints, as JSON. */
async function run(program: string, options: string[]): Promise<unknown> {
  const script = fileURLToPath(new URL(`../../../node_modules/.bin/${program}`, import.meta.url));
  const { stdout } = await new Promise<{ stdout: string }>((done, fail) => {
    const env = { ...process.env, HOME: home, NO_COLOR: "1" };
    execFile(process.execPath, [script, ...options], { cwd: home, env }, (error, stdout, stderr) =>
      error ? fail(new Error(`${program}: ${stderr}`, { cause: error })) : done({ stdout }),
    );
  });
  return JSON.parse(stdout);
}

const names = (tools: unknown): string[] => (tools as { name: string }[]).map(({ name }) => name);

describeEngines("clients", (engine) => {
  describe.each(endpoints)("of %s", (_, setup, name) => {
    const gateway = engine.shared(setup);
    const url = () => `http://127.0.0.1:${gateway.port}/mcp`;

    test("@modelcontextprotocol/sdk settles on 2025-11-25, lists and calls", async () => {
      const client = new EarlierClient(who);
      const transport = new EarlierTransport(new URL(url()));
      await client.connect(transport as never);
      expect(client.getServerVersion()).toMatchObject({ name, version: "1.0.0" });
      expect(transport.protocolVersion).toBe("2025-11-25");
      expect(names((await client.listTools()).tools)).toContain("add");
      const sum = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } });
      expect(sum).toMatchObject({ content: [{ type: "text", text: "5" }] });
      await client.ping();
      await client.close();
    });

    const modes = [
      ["auto", "auto", modern],
      ["legacy", "legacy", "2025-11-25"],
      ["pinned", { pin: modern }, modern],
    ] as const;
    test.each(modes)("@modelcontextprotocol/client, %s, lists and calls", async (_, mode, revision) => {
      const client = new Client(who, { versionNegotiation: { mode } });
      await client.connect(new StreamableHTTPClientTransport(new URL(url())));
      expect(client.getNegotiatedProtocolVersion()).toBe(revision);
      expect(client.getServerVersion()).toMatchObject({ name, version: "1.0.0" });
      expect(names((await client.listTools()).tools)).toContain("add");
      const sum = await client.callTool({ name: "add", arguments: { a: 2, b: 3 } });
      expect(sum).toMatchObject({ content: [{ type: "text", text: "5" }] });
      await client.close();
    });
  });

  // A process each: a REST API and a proxied server are enough.
  describe.each(endpoints.slice(0, 2))("in processes of their own, of %s", (_, setup) => {
    const gateway = engine.shared(setup);
    const url = () => `http://127.0.0.1:${gateway.port}/mcp`;

    test("@modelcontextprotocol/inspector --cli lists and calls", async () => {
      const inspector = (...options: string[]): Promise<unknown> =>
        run("mcp-inspector", ["--cli", url(), "--transport", "http", "--method", ...options]);
      const [list, sum] = await Promise.all([
        inspector("tools/list"),
        inspector("tools/call", "--tool-name", "add", "--tool-arg", "a=2", "--tool-arg", "b=3"),
      ]);
      expect(names((list as { tools: unknown }).tools)).toContain("add");
      expect(sum).toMatchObject({ content: [{ type: "text", text: "5" }] });
    });

    test("mcporter lists and calls", async () => {
      const mcporter = (command: string, ...options: string[]): Promise<unknown> =>
        run("mcporter", [command, "--http-url", url(), "--allow-http", ...options]);
      const [list, sum] = await Promise.all([
        mcporter("list", "--json"),
        mcporter("call", "--tool", "add", "--args", '{"a":2,"b":3}', "--output", "json"),
      ]);
      expect(list).toMatchObject({ status: "ok" });
      expect(names((list as { tools: unknown }).tools)).toContain("add");
      expect(sum).toBe(5);
    });
  });
});
