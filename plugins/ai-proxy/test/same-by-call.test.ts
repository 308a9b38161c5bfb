// Every provider of the table gets from a call-out what it gets by the route: the same path, headers and body, as a
// fallback and in a health check.

import { describe, expect, test } from "vitest";
import type { TestRequest } from "../../../host-test/testing/chain.ts";
import type { Headers } from "../../../host-test/host/types.ts";
import { asking, entryOf, fixtures, takesMessages, type ProviderFixture } from "./provider-fixtures.ts";
import { chat, chatPath, json, message, provider, proxy } from "./proxy.ts";

/** What hosts add to a request or a call. */
const hidden = [":scheme", "content-length", "x-envoy-expected-rq-timeout-ms", "x-envoy-internal"];

/** Identifiers that are made for each request. */
function settled(text: string): string {
  return text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>");
}

/** Members have another order where a body was edited in memory. */
function value(text: string): unknown {
  return text.startsWith("{") ? JSON.parse(text) : text;
}

function seen(headers: Headers, body: Uint8Array): [string[], unknown] {
  const kept = headers.filter(([name]) => !hidden.includes(name)).map(([name, value]) => `${name}: ${value}`);
  return [kept.map(settled).toSorted(), value(settled(Buffer.from(body).toString()))];
}

const requests: [string, (fixture: ProviderFixture) => TestRequest][] = [
  [
    "chat",
    () => chat({ temperature: 0, tools: [] }, { path: `${chatPath}?a=b`, headers: { "x-kept": "1" } }),
  ],
  ["a stream of chat", () => chat({ stream: true })],
  ["a Claude client's message", () => message({ model: "gpt-4o", system: "s" })],
  ["embeddings", () => chat({ input: "a" }, { path: "/v1/embeddings" })],
  ["a request without a body", () => ({ path: "/v1/files", authority: "gateway.example.com" })],
];

const refused = json({ error: { message: "no" } }, { status: 500 });

describe.each(fixtures)("$title", (fixture) => {
  test.each(requests)("as a fallback gets %s as by the route", (_, make) => {
    const request = asking(fixture, make(fixture));
    const entry = { id: "tested", ...entryOf(fixture) };
    const live = provider(entry, { calls: () => refused }).exchange(request);
    const first = { id: "first", type: "generic", fallbacks: [{ providerId: "tested", cluster: "tested" }] };
    const chain = proxy(
      { providers: [first, entry], activeProviderId: "first" },
      { upstream: () => refused, calls: () => refused },
    );
    const body = request.body as string | undefined;
    const length: Record<string, string> =
      body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    chain.exchange({ ...request, headers: { ...(request.headers as object), ...length } });
    const expected = live.upstream === undefined ? [] : [seen(live.upstream.headers, live.upstream.body)];
    const calls = chain.calls.filter(({ cluster }) => cluster === "tested");
    expect(calls.map((call) => seen(call.headers, call.body))).toEqual(expected);
  });

  test("gets a health check as it gets chat", () => {
    const failover = { enabled: true, healthCheckModel: fixture.model, failureThreshold: 1 };
    const chain = provider(
      { ...entryOf(fixture), failover },
      { upstream: () => refused, calls: () => refused },
    );
    const ask = chat({ model: fixture.model, messages: [{ role: "user", content: "who are you?" }] });
    const path = takesMessages(fixture) || fixture.dialect === "own" ? chatPath : ask.path!;
    const live = chain.exchange({ ...ask, path });
    if (fixture.credential === "") return;
    chain.advance(100);
    expect(chain.calls).toHaveLength(1);
    const { headers, body } = live.upstream!;
    expect(seen(chain.calls[0]!.headers, chain.calls[0]!.body)).toEqual(seen(headers, body));
  });
});
