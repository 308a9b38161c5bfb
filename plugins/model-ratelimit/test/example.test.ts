// examples/model-ratelimit on our own host: what its README says happens.

import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadGateway } from "../../../host-test/gateway/load.ts";
import { runNode, type RunningNode } from "../../../host-test/gateway/run-node.ts";
import { createSimulation, type Simulation } from "../../../host-test/gateway/simulation.ts";

let simulation: Simulation;
let node: RunningNode;

beforeAll(async () => {
  simulation = createSimulation();
  const folder = fileURLToPath(new URL("../../../examples/model-ratelimit", import.meta.url));
  const { model } = await loadGateway([folder]);
  node = await runNode(await simulation.apply(model), { port: 0 });
});
afterAll(async () => {
  await node.stop();
  await simulation.close();
});

function ask(consumer: string, mostOutput: number, options: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${node.port}/v1/chat/completions`, {
    method: "POST",
    ...options,
    headers: { "content-type": "application/json", "x-mse-consumer": consumer, ...options.headers },
    body: JSON.stringify({
      model: "gpt-5.4-mini",
      max_tokens: mostOutput,
      messages: [{ role: "user", content: "Hello" }],
    }),
  });
}

test("an answer says what is left of each limit", async () => {
  const answer = await ask("ann", 200);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("x-ratelimit-limit-tokens")).toBe("2000");
  expect(answer.headers.get("ratelimit-policy")).toBe(
    '"consumer-minute";q=2000;w=60, "parallel";q=20;qu="concurrent-requests", "money-day";q=5000000;w=86400;qu="millionths"',
  );
  await answer.text();
});

test("a request under way leaves no room for another, and gives it back when it goes", async () => {
  const leaving = new AbortController();
  const first = ask("bob", 1900, { headers: { "x-simulate": "timeout" }, signal: leaving.signal });
  const isGone = expect(first).rejects.toThrow();
  const status = async () => (await ask("bob", 200)).status;
  // The first has to have arrived.
  await expect.poll(status).toBe(429);
  leaving.abort();
  await isGone;
  await expect.poll(status).toBe(200);
});

test("a request for more than the limit is told so", async () => {
  const refused = await ask("eve", 3000);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBeNull();
  expect(await refused.text()).toContain("more total_tokens than limit consumer-minute allows at all");
});
