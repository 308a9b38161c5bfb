// The command as people and scripts use it.

import { once } from "node:events";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { request } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { findEnvoy } from "../../envoy/binary.ts";
import { play, Upstream } from "../../testing/scenario.ts";
import { assemble } from "../envoy/wat.ts";
import { bridge, folderOf, ingress, plugin } from "./resource-files.ts";
import { bin, RunningCommand, type Finished } from "./running-command.ts";

/** A command that ends with its test. */
function started(args: string[], environment: Record<string, string> = {}): RunningCommand {
  const command = new RunningCommand(args, environment);
  onTestFinished(() => command.signal("SIGKILL"));
  return command;
}

function gateway(...args: string[]): Promise<Finished> {
  return started(args).finished;
}

const free = ["--port", "0", "--admin-port", "0"];

/** A folder whose one route leads to an upstream of this test. */
async function served(
  script: ConstructorParameters<typeof Upstream>[1],
  more = "",
  files: Record<string, string | Uint8Array> = {},
): Promise<{ folder: string; upstream: Upstream; resources: string }> {
  const upstream = new Upstream("up", script);
  await upstream.listen("http1");
  onTestFinished(() => upstream.close());
  const resources =
    bridge.replace("127.0.0.1:9001,127.0.0.1:9002", `127.0.0.1:${upstream.port}`) +
    ingress("default", { "higress.io/destination": "up.static" }) +
    more;
  return { folder: await folderOf({ "r.yaml": resources, ...files }), upstream, resources };
}

test("run prints one line on standard output once it serves, and exits 0 on SIGTERM", async () => {
  const { folder } = await served({ body: "hello" });
  const command = started(["run", folder, ...free]);
  const url = await command.url();
  expect(await (await fetch(url)).text()).toBe("hello");
  command.signal("SIGTERM");
  const { code, stdout } = await command.finished;
  expect(code).toBe(0);
  expect(stdout).toBe(`listening on ${url}\n`);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "on %s a running answer ends before the gateway does",
  async (signal) => {
    const released = Promise.withResolvers<void>();
    const { folder } = await served({ chunks: ["begun;", () => released.promise, "ended"] });
    const command = started(["run", folder, ...free]);
    const url = await command.url();
    const answer = await fetch(url);
    command.signal(signal);
    await command.saw("stderr", /stopping/);
    await expect.poll(() => fetch(url).catch(() => "refused")).toBe("refused");
    released.resolve();
    expect(await answer.text()).toBe("begun;ended");
    expect((await command.finished).code).toBe(0);
  },
);

test("started by npm, the gateway stops when the shell between them dies", async () => {
  const { folder } = await served({ body: "hello" });
  const script = `"${process.execPath}" "${bin}" run "${folder}" ${free.join(" ")}; true`;
  const shell = spawn("sh", ["-c", script], { env: { ...process.env, npm_command: "exec" } });
  const closed = once(shell, "close");
  let stdout = "";
  for await (const text of shell.stdout.setEncoding("utf8")) {
    stdout += text as string;
    if (stdout.endsWith("\n")) break;
  }
  const url = /http:\S+/.exec(stdout)![0];
  shell.stderr.resume();
  expect(await (await fetch(url, { headers: { connection: "close" } })).text()).toBe("hello");
  shell.kill("SIGTERM");
  // The streams close with the last process that holds them.
  await closed;
  await expect(fetch(url)).rejects.toThrow();
});

test("several workers share the port and the plugins' data", async () => {
  const counting = assemble((text) => ({
    request_headers: `${text.setHeader(0, "x-seen", "1")} (i32.const 0)`,
    response_headers: "(i32.const 0)",
  }));
  const { folder, upstream } = await served({ body: "x" }, plugin("p", ""), { "m.wasm": counting });
  const command = started(["run", folder, "--workers", "3", ...free]);
  const url = await command.url();
  for (let i = 0; i < 12; i++) {
    // A connection each, so that the system spreads them.
    await (await fetch(url, { headers: { connection: "close" } })).text();
  }
  expect(upstream.requests.map((request) => request.header("x-seen"))).toEqual(
    Array.from({ length: 12 }, () => "1"),
  );
  const statistics = await (await fetch(`${await command.adminUrl()}/stats/prometheus`)).text();
  expect(statistics).toContain('envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix="main"} 12\n');
});

test("a resource that cannot be used ends the start with 2 and says where and why", async () => {
  const folder = await folderOf({
    "r.yaml": bridge + ingress("x", { "higress.io/destination": "other.static" }),
  });
  const { code, stdout, stderr } = await gateway("run", folder, ...free);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(
    /r\.yaml:\d+: error: metadata\.annotations\.higress\.io\/destination: no McpBridge registry defines/,
  );
});

test("a missing environment variable ends the start with 2 and is named", async () => {
  const folder = await folderOf({ "r.yaml": bridge.replace("api.example", "'${NO_SUCH_VARIABLE}'") });
  const { code, stderr } = await gateway("run", folder, ...free);
  expect(code).toBe(2);
  expect(stderr).toContain("environment variable NO_SUCH_VARIABLE is not set");
});

test("a plugin that refuses its configuration ends the start with 2 and is named with its place", async () => {
  const refusing = assemble((text) => ({ configure: `${text.log("key is missing")} (i32.const 0)` }));
  const { folder } = await served({}, plugin("strict", "defaultConfig: {a: 1}"), { "m.wasm": refusing });
  const { code, stderr, stdout } = await gateway("run", folder, ...free);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/r\.yaml:\d+: error: plugin higress-system\.strict refuses its configuration/);
});

test("a port in use is named", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const { folder } = await served({});
  const { code, stderr } = await gateway("run", folder, "--port", String(port), "--admin-port", "0");
  expect(code).toBe(1);
  expect(stderr).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
});

test("with --watch a changed file is in effect for new requests, and a broken one is not", async () => {
  const { folder, upstream, resources } = await served((exchange) =>
    play({ body: exchange.request.path }, exchange),
  );
  const command = started(["run", folder, "--watch", ...free]);
  const url = await command.url();
  const rewritten = resources.replace(
    '{"higress.io/destination":"up.static"}',
    '{"higress.io/destination":"up.static","higress.io/rewrite-path":"/new"}',
  );
  await writeFile(join(folder, "r.yaml"), rewritten);
  await command.saw("stderr", /reloaded/);
  expect(await (await fetch(`${url}/a`)).text()).toBe("/new/a");
  await writeFile(join(folder, "r.yaml"), rewritten.replace("up.static", "gone.static"));
  await command.saw("stderr", /not reloaded: what was served before is served on/);
  expect(await (await fetch(`${url}/b`)).text()).toBe("/new/b");
  expect(upstream.failures).toEqual([]);
});

test("the admin port tells readiness, metrics, configuration without secrets, logs, and reloads", async () => {
  const { folder } = await served(
    { body: "x" },
    plugin("p", "defaultConfig: {apiToken: hidden-value, model: gpt}"),
    {
      "m.wasm": assemble((text) => ({
        request_headers: `${text.log("a line of the plugin")} (i32.const 0)`,
      })),
    },
  );
  const command = started(["run", folder, ...free]);
  const url = await command.url();
  const admin = await command.adminUrl();
  expect((await fetch(`${admin}/ready`)).status).toBe(200);
  await (await fetch(url)).text();
  expect(await (await fetch(`${admin}/stats/prometheus`)).text()).toContain(
    'envoy_cluster_upstream_rq_total{envoy_cluster_name="outbound|80||up.static"} 1\n',
  );
  const dump = await (await fetch(`${admin}/config_dump`)).text();
  expect(JSON.parse(dump)).toMatchObject({ plugins: [{ configuration: { apiToken: "***", model: "gpt" } }] });
  expect(dump).not.toContain("hidden-value");
  const logs = await fetch(`${admin}/logs`);
  let seen = "";
  for await (const text of logs.body!.pipeThrough(new TextDecoderStream())) {
    seen += text;
    if (seen.includes("a line of the plugin")) break;
  }
  expect(seen).toMatch(/^event: log\ndata: \{"time":"\d{4}-/);
  expect((await fetch(`${admin}/reload`, { method: "POST" })).status).toBe(200);
  await writeFile(join(folder, "r.yaml"), "kind: [");
  const refused = await fetch(`${admin}/reload`, { method: "POST" });
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining("not valid YAML")]);
  expect((await fetch(`${admin}/reload`)).status).toBe(405);
  expect((await fetch(`${admin}/nothing`)).status).toBe(404);
  expect((await fetch(admin)).headers.get("content-type")).toContain("text/html");
});

test("the admin port serves nobody who calls it by another name or from another page", async () => {
  const { folder } = await served({});
  const admin = new URL(await started(["run", folder, ...free]).adminUrl());
  const statusWith = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((settle) => {
      request(
        { host: admin.hostname, port: admin.port, path: "/reload", method: "POST", headers },
        (response) => {
          response.resume();
          settle(response.statusCode);
        },
      ).end();
    });
  expect(await statusWith({ host: "attacker.example" })).toBe(403);
  expect(await statusWith({ origin: "http://attacker.example" })).toBe(403);
  expect(await statusWith({ origin: admin.origin })).toBe(200);
});

test("lint exits 0 for sound files and 1 for an error, in text and in JSON", async () => {
  const sound = await folderOf({
    "r.yaml": bridge + ingress("x", { "higress.io/destination": "up.static" }),
  });
  expect(await gateway("lint", sound)).toEqual({
    code: 0,
    stdout: "ok: 0 plugins, 2 services, 1 route\n",
    stderr: "",
  });
  const broken = await folderOf({
    "r.yaml": `${bridge}${ingress("x", { "higress.io/destination": "u.static" })}---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n`,
  });
  const text = await gateway("lint", broken);
  expect(text.code).toBe(1);
  expect(text.stdout).toMatch(
    /r\.yaml:15: error: metadata\.annotations\.higress\.io\/destination: no McpBridge/,
  );
  expect(text.stdout).toMatch(/r\.yaml:\d+: ignored: Pod p\n/);
  const json = await gateway("lint", broken, "--format", "json");
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({
    ok: false,
    problems: [
      {
        severity: "error",
        file: join(broken, "r.yaml"),
        line: 15,
        path: "metadata.annotations.higress.io/destination",
      },
    ],
    ignored: [{ kind: "Pod", name: "p" }],
  });
});

test("render prints an Envoy bootstrap", async () => {
  const folder = await folderOf({
    "r.yaml": bridge + ingress("x", { "higress.io/destination": "up.static" }),
  });
  const { code, stdout } = await gateway("render", folder, "--engine", "envoy", "--port", "10001");
  expect(code).toBe(0);
  expect(parse(stdout)).toMatchObject({
    static_resources: { listeners: [{ address: { socket_address: { port_value: 10001 } } }] },
  });
  const json = await gateway("render", folder, "--engine", "envoy", "--format", "json");
  expect(JSON.parse(json.stdout)).toMatchObject({
    static_resources: { clusters: [{ name: "outbound|80||up.static" }, {}] },
  });
});

test.each([
  [["package"], "expected --out DIR"],
  [["push", "model-ratelimit", "no-registry"], "names no registry"],
  [["replay"], "expected a file with a trace or a HAR archive"],
  [["lnt"], "unknown command lnt; did you mean lint?"],
  [["run"], "expected a file or folder with resources"],
  [["run", ".", "--port", "x"], "--port: expected a whole number from 0 to 65535, found x"],
  [["run", ".", "--engine", "nginx"], "--engine: expected one of node, envoy, found nginx"],
  [["run", ".", "--portt", "1"], "Unknown option '--portt'"],
  [["render", "."], "expected --engine envoy"],
])("gateway %j is refused with 2 and a reason", async (args, message) => {
  const { code, stdout, stderr } = await gateway(...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
});

test.each([["--help"], ["run", "--help"], ["lint", "--help"], ["render", "--help"]])(
  "gateway %s %s prints its use",
  async (...args) => {
    const { code, stdout, stderr } = await gateway(...args.filter((arg) => arg !== undefined));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Usage: gateway /);
  },
);

test.skipIf((await findEnvoy()) === null)(
  "run --engine envoy serves the same files on a real Envoy",
  async () => {
    const marking = assemble((text) => ({
      request_headers: `${text.setHeader(0, "x-mark", "1")} (i32.const 0)`,
      response_headers: "(i32.const 0)",
    }));
    const { folder, upstream, resources } = await served({ body: "hello" }, plugin("p", ""), {
      "m.wasm": marking,
    });
    const command = started(["run", folder, "--engine", "envoy", ...free]);
    const url = await command.url();
    const admin = await command.adminUrl();
    // A connection of before the reload stays with the old listener.
    const close = { headers: { connection: "close" } };
    expect(await (await fetch(url, close)).text()).toBe("hello");
    expect(upstream.requests[0]?.header("x-mark")).toBe("1");
    expect((await fetch(`${admin}/ready`)).status).toBe(200);
    expect(await (await fetch(`${admin}/stats/prometheus`)).text()).toContain(
      "envoy_http_downstream_rq_total",
    );
    await writeFile(join(folder, "r.yaml"), resources.replaceAll("pathType: Prefix", "pathType: Exact"));
    expect((await fetch(`${admin}/reload`, { method: "POST" })).status).toBe(200);
    expect((await fetch(`${url}/other`, close)).status).toBe(404);
    command.signal("SIGTERM");
    expect((await command.finished).code).toBe(0);
  },
);

test.skipIf((await findEnvoy()) === null)("run --engine envoy refuses what only Higress has", async () => {
  const needsRedis = assemble(() => ({}), {
    declarations: '(import "env" "proxy_redis_init" (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))',
  });
  const { folder } = await served({}, plugin("p", ""), { "m.wasm": needsRedis });
  const { code, stderr } = await gateway("run", folder, "--engine", "envoy", ...free);
  expect(code).toBe(2);
  expect(stderr).toContain("needs Redis (proxy_redis_init), which only Higress offers");
});
