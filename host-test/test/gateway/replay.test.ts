// `gateway replay` on what the quickstart's gateway recorded.

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Trace } from "../../gateway/traces/trace.ts";
import { finished, RunningCommand, type Finished } from "./running-command.ts";

const root = new URL("../../../", import.meta.url).pathname;
const quickstart = join(root, "examples/quickstart");

let gateway: RunningCommand;
let url = "";
let admin = "";
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-"));
  gateway = new RunningCommand(["run", quickstart, "--port", "0", "--admin-port", "0"]);
  url = await gateway.url();
  admin = await gateway.adminUrl();
});

afterAll(async () => {
  gateway.signal("SIGKILL");
  await gateway.finished;
  await rm(folder, { recursive: true, force: true });
});

test("the same chain makes of a recorded exchange what it made then: exit code 0", async () => {
  const file = await saved(await recorded("/claude/v1/chat/completions", { stream: true }));
  const { code, stdout } = await replay(file, quickstart);
  expect(stdout).toMatch(/^POST \/claude\/v1\/chat\/completions: same\n/);
  expect(code).toBe(0);
});

test("another configuration shows, member by member, what goes upstream now: exit code 1", async () => {
  const file = await saved(await recorded("/claude/v1/chat/completions"));
  const changed = join(folder, "changed");
  await cp(quickstart, changed, { recursive: true });
  const resource = join(changed, "ai-proxy.yaml");
  const text = await readFile(resource, "utf8");
  await writeFile(resource, text.replaceAll("claude-haiku-5-5", "claude-opus-9"));
  const { code, stdout } = await replay(file, changed);
  expect(stdout).toContain('  upstream request body model: "claude-haiku-5-5" → "claude-opus-9"\n');
  expect(code).toBe(1);
  const ignoring = await replay(file, changed, "--ignore", "model");
  expect([ignoring.code, ignoring.stdout]).toEqual([0, expect.stringContaining("same")]);
});

test("the upstream's answer is the recorded one, so that only the chain can make a difference", async () => {
  const trace = await recorded("/claude/v1/chat/completions");
  const answer = trace.upstreamResponse!;
  const text = answer.body.text!.replace(/"text":\s*"[^"]*"/, '"text": "as recorded"');
  const file = await saved({ ...trace, upstreamResponse: { ...answer, body: { bytes: text.length, text } } });
  const { code, stdout } = await replay(file, quickstart, "--format", "json");
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    exchanges: [{ changes: [{ path: "response body choices[0].message.content", after: '"as recorded"' }] }],
  });
  const live = await replay(file, quickstart, "--upstream", "live");
  expect(live.stdout).not.toContain("as recorded");
});

test("a secret of the recording is not sent and is named, unless it is given", async () => {
  const trace = await recorded("/v1/chat/completions", {}, { "x-api-key": "a-client's-own-key" });
  expect(trace.request.headers).toContainEqual(["x-api-key", "***"]);
  const file = await saved(trace);
  const without = await replay(file, quickstart);
  expect(without.stdout).toContain("not sent, because the recording masks it: x-api-key");
  const given = await replay(file, quickstart, "--header", "X-Api-Key: a-client's-own-key");
  expect(given.stdout).toBe("POST /v1/chat/completions: same\n");
});

test("a HAR file goes to the gateway that runs, every entry of it", async () => {
  const traces = [await recorded("/v1/chat/completions"), await recorded("/groq/v1/chat/completions")];
  const archives = await Promise.all(
    traces.map(async ({ id }) => (await (await fetch(`${admin}/traces/${id}/har`)).json()) as Archive),
  );
  const entries = archives.flatMap(({ log }) => log.entries);
  const file = await saved({ log: { version: "1.2", entries } });
  const same = await replay(file);
  expect(same.stdout).toContain("0 of 2 exchanges changed");
  expect(same.code).toBe(0);
  const { content } = entries[1]!.response;
  content.text = content.text.replace(/"total_tokens":\s*\d+/, '"total_tokens": 1');
  const changed = await replay(await saved({ log: { version: "1.2", entries } }), "--gateway", url);
  expect(changed.stdout).toMatch(/ {2}response body usage\.total_tokens: 1 → \d+\n/);
  expect(changed.stdout).toContain("1 of 2 exchanges changed");
  expect(changed.code).toBe(1);
});

test.each([
  ["no recording", { a: 1 }, "is neither a trace (format ai-gateway-trace/1) nor a HAR file"],
  ["of another version", { format: "ai-gateway-trace/9" }, "has format ai-gateway-trace/9: expected"],
  [
    "cut",
    {
      format: "ai-gateway-trace/1",
      request: { headers: [], body: { bytes: 9, text: "x", truncated: true } },
    },
    "its body was not kept as a whole",
  ],
  [
    "of a gateway that does not run",
    {
      log: {
        entries: [
          {
            request: { method: "GET", url: "http://127.0.0.1:1/", headers: [] },
            response: { status: 200, headers: [] },
          },
        ],
      },
    },
    "no gateway at http://127.0.0.1:1",
  ],
])("a file that is %s cannot be replayed: exit code 2 and the reason", async (_, content, reason) => {
  const { code, stdout, stderr } = await replay(await saved(content));
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(reason);
});

interface Archive {
  log: { entries: { response: { content: { text: string } } }[] };
}

function replay(...args: string[]): Promise<Finished> {
  return finished("replay", ...args);
}

let files = 0;

async function saved(content: object): Promise<string> {
  const file = join(folder, `${files++}.json`);
  await writeFile(file, JSON.stringify(content));
  return file;
}

/** Sends a chat request through the gateway and takes its trace from the admin port. */
async function recorded(path: string, more: object = {}, headers: HeadersInit = {}): Promise<Trace> {
  const marker = `recorded ${files++}`;
  const answer = await fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "gpt-5.4-mini", messages: [{ role: "user", content: marker }], ...more }),
  });
  await answer.text();
  // The gateway tells of an exchange soon after its answer.
  return expect
    .poll(() => traceOf(marker))
    .toBeDefined()
    .then(() => traceOf(marker)) as Promise<Trace>;
}

async function traceOf(marker: string): Promise<Trace | undefined> {
  const summaries = (await (await fetch(`${admin}/traces`)).json()) as { id: string }[];
  for (const { id } of summaries.toReversed()) {
    const trace = (await (await fetch(`${admin}/traces/${id}`)).json()) as Trace;
    if (trace.request.body.text?.includes(marker)) return trace;
  }
  return undefined;
}
