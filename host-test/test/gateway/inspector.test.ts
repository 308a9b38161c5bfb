// The inspector page in a real browser, over a gateway that runs the quickstart.

import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Trace } from "../../gateway/traces/trace.ts";
import { RunningCommand } from "./running-command.ts";

const root = new URL("../../../", import.meta.url).pathname;
const secret = "sk-client-0123456789abcdef";

const browserPath = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => spawnSync("which", [name], { encoding: "utf8" }).stdout.trim())
  .find((path) => path !== "");

let gateway: RunningCommand;
let url = "";
let admin = "";

beforeAll(async () => {
  gateway = new RunningCommand([
    "run",
    join(root, "examples/quickstart"),
    "--port",
    "0",
    "--admin-port",
    "0",
  ]);
  url = await gateway.url();
  admin = await gateway.adminUrl();
});

afterAll(async () => {
  gateway.signal("SIGKILL");
  await gateway.finished;
});

describe("traces of the admin port", () => {
  test("an exchange shows what the client sent, what each plugin changed, what went upstream and what came back", async () => {
    const trace = await exchange("gpt-4o-mini", "traced exactly");
    expect(trace.request.headers).toContainEqual([":path", "/v1/chat/completions"]);
    expect(trace.request.body.text).toContain("traced exactly");
    expect(trace.upstreamRequest?.body.text).toContain("traced exactly");
    expect(trace.response?.headers).toContainEqual([":status", "200"]);
    const body = trace.steps.find(({ phase, kind }) => phase === "request" && kind === "body");
    expect(body?.plugin).toContain("ai-proxy");
    expect(body?.callbacks).toBeGreaterThan(0);
    expect(body?.micros).toBeGreaterThan(0);
    expect(body?.memoryPages).toBeGreaterThan(0);
    const headers = trace.steps.find(({ phase, kind }) => phase === "request" && kind === "headers");
    expect(headers?.headers?.before).toEqual(trace.request.headers);
  });

  test("no credential of the client is in any trace, list or archive", async () => {
    const { id } = await exchange("gpt-4o-mini", "secretly");
    for (const path of ["/traces", `/traces/${id}`, `/traces/${id}/har`])
      expect(await (await fetch(admin + path)).text()).not.toContain(secret);
  });

  test("a request is sent again with its credentials, and its trace is found by its source", async () => {
    const { id } = await exchange("gpt-4o-mini", "again");
    const again = await fetch(`${admin}/traces/${id}/replay`, { method: "POST" });
    expect(again.status).toBe(200);
    const { source } = (await again.json()) as { source: string };
    const trace = await traceWhere((summary) => summary.source === source);
    expect(trace.request.body.text).toContain("again");
    expect(trace.request.headers).toContainEqual(["authorization", "Bearer ***"]);
    expect(trace.response?.headers).toContainEqual([":status", "200"]);
  });

  test("a page of another site may neither read traces nor send requests again", async () => {
    const { id } = await exchange("gpt-4o-mini", "mine");
    const origin = { origin: "http://elsewhere.example" };
    expect((await fetch(`${admin}/traces/${id}`, { headers: origin })).status).toBe(403);
    const again = await fetch(`${admin}/traces/${id}/replay`, { method: "POST", headers: origin });
    expect(again.status).toBe(403);
  });

  test("the page takes 100 KB at most and nothing from elsewhere", async () => {
    const folder = join(root, "host-test/gateway/admin/page");
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(100 * 1024);
    const answer = await fetch(admin);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  });
});

describe.skipIf(browserPath === undefined && !process.env["CI"])("inspector page in Chromium", () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox"] });
    page = await browser.newPage();
    await page.goto(admin);
  });

  afterAll(() => browser.close());

  test("an exchange appears while the page is open, and the keyboard opens it", async () => {
    const trace = await exchange("claude-sonnet-4-5", "seen live");
    await page.locator(`[id="exchange-${trace.id}"]`).waitFor();
    await page.keyboard.press("j");
    await page.locator("#detail h2").waitFor();
    expect(await page.locator("#list [aria-selected=true]").getAttribute("id")).toBe(`exchange-${trace.id}`);
    const changed = page.locator('#detail details[data-changed="true"]');
    expect(await changed.count()).toBeGreaterThan(0);
    // The translation to another dialect: lines gone and lines new.
    expect(await page.locator("#detail pre del").count()).toBeGreaterThan(0);
    expect(await page.locator("#detail pre ins").count()).toBeGreaterThan(0);
    if (process.env["SCREENSHOTS"]) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(root, `docs/images/inspector-${colorScheme}.png`) });
      }
    }
  });

  test("the filter leaves only what matches all its words", async () => {
    await exchange("gpt-4o-mini", "one");
    const missing = await fetch(`${url}/no/such/path`, { method: "POST", body: "{}" });
    await missing.arrayBuffer();
    await page.locator("#list li", { hasText: "/no/such/path" }).first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("post such");
    const texts = await page.locator("#list li .path").allTextContents();
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(text).toContain("/no/such/path");
    await page.locator("#filter").fill("");
    await page.keyboard.press("Escape");
  });

  test("r sends the chosen exchange again and chooses the new one", async () => {
    const { id } = await exchange("gpt-4o-mini", "once more");
    await page.locator(`[id="exchange-${id}"]`).click();
    await page.locator("#detail h2").waitFor();
    await page.keyboard.press("r");
    await page.waitForFunction((old) => {
      const chosen = document.querySelector('#list [aria-selected="true"]');
      return chosen !== null && chosen.id !== `exchange-${old}`;
    }, id);
    expect(await page.locator("#detail").textContent()).toContain("/v1/chat/completions");
  });

  test("what a trace holds is shown as text, never run", async () => {
    const { id } = await exchange("gpt-4o-mini", "<img src=x onerror=document.title='run'>");
    await page.locator(`[id="exchange-${id}"]`).click();
    await page.locator("#detail", { hasText: "<img src=x" }).waitFor();
    expect(await page.locator("#detail img").count()).toBe(0);
    expect(await page.title()).toBe("Gateway inspector");
  });
});

interface Summary {
  id: string;
  source: string;
  path: string;
}

/** Sends a chat request and returns the trace that is new after it. */
async function exchange(model: string, text: string): Promise<Trace> {
  const known = new Set((await summaries()).map(({ id }) => id));
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
    body: JSON.stringify({ model, messages: [{ role: "user", content: text }] }),
  });
  await answer.arrayBuffer();
  return traceWhere(({ id }) => !known.has(id));
}

/** The newest trace of that kind; the gateway tells of it soon after the answer. */
async function traceWhere(isWanted: (summary: Summary) => boolean): Promise<Trace> {
  return expect.poll(find).toBeDefined().then(find) as Promise<Trace>;
  async function find(): Promise<Trace | undefined> {
    const found = (await summaries()).findLast(isWanted);
    return found && ((await (await fetch(`${admin}/traces/${found.id}`)).json()) as Trace);
  }
}

async function summaries(): Promise<Summary[]> {
  return (await (await fetch(`${admin}/traces`)).json()) as Summary[];
}
