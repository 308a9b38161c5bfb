// vertex: whatever clients, models and the token endpoint send, the VM lives, and the next request is served.

import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LocalData } from "../../../host-test/services/local-data.ts";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { partitions } from "../../../host-test/testing/recordings.ts";
import { change, changed } from "../../../host-test/testing/changed-bytes.ts";
import { chat, json, provider } from "./proxy.ts";
import { account, cluster, compatible, express, standard, tokenKey } from "./vertex.ts";

const folder = new URL("../../../shared/llm/test/fixtures/openai/", import.meta.url);
const chats = readdirSync(folder)
  .filter((file) => /^request-[^.]*\.json$/.test(file))
  .map((file) => readFileSync(new URL(file, folder)));

const part = (text: object) => ({ candidates: [{ content: { parts: [text] }, finishReason: "STOP" }] });
const gemini = [
  part({ text: "Hm", thought: true, thoughtSignature: "AA==" }),
  part({ functionCall: { name: "f", args: { a: [1, null] } } }),
  part({ inlineData: { mimeType: "image/png", data: "AAAA" } }),
  { predictions: [{ embeddings: { values: [0.5, 1e3], statistics: { token_count: 3 } } }] },
  { error: { code: 429, status: "RESOURCE_EXHAUSTED", message: "m" } },
  { choices: [{ message: { content: "\\u00e9\\ud83d" } }] },
].map((body) => Buffer.from(JSON.stringify(body)));

const form = Buffer.from(
  [
    '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n',
    '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\np\r\n',
    '--b\r\ncontent-disposition: form-data; name="image[]"; filename="a"\r\ncontent-type: image/png\r\n\r\nAAAA\r\n',
    "--b--\r\n",
  ].join(""),
);
const images = Buffer.from(
  '{"model":"m","prompt":"p","size":"1024x768","images":[{"image_url":{"url":"data:image/png;base64,AAAA"}},"https://e.com/a.png"]}',
);

const kinds = [
  ...chats.map((bytes) => ({ path: "/v1/chat/completions", type: "application/json", bytes })),
  {
    path: "/v1/embeddings",
    type: "application/json",
    bytes: Buffer.from('{"model":"m","input":["x"],"dimensions":3}'),
  },
  { path: "/v1/images/generations", type: "application/json", bytes: images },
  { path: "/v1/images/edits", type: "application/json", bytes: images },
  { path: "/v1/images/edits", type: "multipart/form-data; boundary=b", bytes: form },
  { path: "/v1/images/variations", type: "multipart/form-data; boundary=b", bytes: form },
];

const changes = fc.array(change, { maxLength: 4 });
const hostile = fc.record({
  kind: fc.constantFrom(...kinds),
  answer: fc.constantFrom(...gemini),
  token: fc.constantFrom('{"access_token":"t","expires_in":3599}', '{"error":"x","error_description":"y"}'),
  isStream: fc.boolean(),
  status: fc.constantFrom(200, 200, 200, 429),
  requestChanges: changes,
  answerChanges: changes,
  tokenChanges: changes,
  seed: fc.nat(),
});

test.each([
  ["express", express],
  ["standard", standard],
  ["compatible", compatible],
  ["raw", { ...standard, protocol: "original" }],
])("no request, answer or token makes %s fail", { timeout: 300_000 }, (_, entry) => {
  let reply: TestReply = {};
  let token = Buffer.alloc(0);
  const sharedData = new LocalData();
  const chain = provider(entry, {
    sharedData,
    upstream: () => reply,
    calls: { [cluster]: () => ({ body: token }) },
    logLevel: "error",
  });
  const raw = "/v1/projects/p/locations/l/publishers/google/models/m:predict";
  fc.assert(
    fc.property(hostile, ({ kind, answer, isStream, status, seed, ...given }) => {
      token = Buffer.from(changed(Buffer.from(given.token), given.tokenChanges));
      // What another worker may have left there.
      sharedData.set("", tokenKey, token, 0);
      const event = isStream ? Buffer.concat([Buffer.from("data: "), answer, Buffer.from("\n\n")]) : answer;
      const [chunks] = partitions(changed(event, given.answerChanges), 1, seed);
      reply = {
        status,
        headers: { "content-type": isStream ? "text/event-stream" : "application/json" },
        chunks: chunks!,
      };
      const path = "protocol" in entry ? raw : kind.path;
      const request = chat("", { path, headers: { "content-type": kind.type } });
      const body = Buffer.from(changed(kind.bytes, given.requestChanges));
      const { client, record } = chain.exchange({ ...request, body });
      expect([200, 400, 429, 500]).toContain(client.status);
      expect(record!.details).not.toContain("wasm_fail");
    }),
    { numRuns: Number(process.env.LONG ? 20_000 : 400) },
  );
  token = Buffer.from('{"access_token":"good"}');
  reply = json({ candidates: [], choices: [] });
  expect(chain.exchange(chat({ model: "m" })).client.status).toBe(200);
  chain.close();
});

test("no key file makes a configuration fail in any other way than it says", () => {
  const bytes = Buffer.from(JSON.stringify(account));
  fc.assert(
    fc.property(changes, (given) => {
      const vertexAuthKey = Buffer.from(changed(bytes, given)).toString("latin1");
      const chain = provider(
        { ...standard, vertexAuthKey },
        { calls: { [cluster]: () => ({ body: '{"access_token":"t"}' }) } },
      );
      const { client, record } = chain.exchange(chat({ model: "m" }));
      expect(record!.details).not.toContain("wasm_fail");
      expect([200, 500]).toContain(client.status);
      chain.close();
    }),
    { numRuns: 60 },
  );
});
