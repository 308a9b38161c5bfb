// One list of exchanges on the Node engine and on Envoy: what clients and upstreams see must be equal.

import { expect } from "vitest";
import type { Headers } from "../../host/types.ts";
import { knownDifferences, type KnownDifference } from "../known-differences.ts";
import type { ClientRequest } from "./client.ts";
import { Gateway } from "./gateway.ts";
import { startEnvoyEngine } from "./envoy-engine.ts";
import type { StartEngine } from "./engine.ts";
import type { Answer, Message, SeenRequest } from "./message.ts";
import { nodeEngine } from "./node-engine.ts";
import type { GatewaySetup } from "./setup.ts";

type Where = KnownDifference["where"];

/** A request, or a function that makes one where client and upstream have to wait for each other. */
export type AgreementStep = ClientRequest | ((gateway: Gateway) => Promise<Answer>);

interface Observed {
  exchanges: object[];
  upstreams: Record<string, object[]>;
}

/**
 * Sends the requests one after the other to the Node engine as stock Envoy and to a real Envoy, and expects the
 * same of both, known differences aside. `setup` is called once for each. Needs an Envoy.
 */
export async function expectAgreement(setup: () => GatewaySetup, requests: AgreementStep[]): Promise<void> {
  const [node, envoy] = await Promise.all([
    observe(setup(), requests, nodeEngine("envoy")),
    observe(setup(), requests, startEnvoyEngine),
  ]);
  expect(node).toEqual(envoy);
}

async function observe(
  setup: GatewaySetup,
  requests: AgreementStep[],
  start: StartEngine,
): Promise<Observed> {
  const gateway = new Gateway(setup, start);
  try {
    await gateway.start();
    const exchanges = [];
    for (const request of requests) {
      const answer = typeof request === "function" ? request(gateway) : gateway.send(request);
      exchanges.push(answerSeen(await answer));
    }
    const upstreams = Object.entries(gateway.received).map(([name, seen]) => [name, seen.map(requestSeen)]);
    return { exchanges, upstreams: Object.fromEntries(upstreams) as Observed["upstreams"] };
  } finally {
    await gateway.stop();
  }
}

function answerSeen(answer: Answer): object {
  return { status: answer.status, ...messageSeen(answer, "answer") };
}

function requestSeen(request: SeenRequest): object {
  const { protocol, method, path, authority } = request;
  return { protocol, method, path, authority, ...messageSeen(request, "upstream request") };
}

function messageSeen(message: Message, where: Where): object {
  return {
    headers: normalise(message.headers, where),
    body: message.body.toString("latin1"),
    trailers: message.trailers,
    complete: message.complete,
  };
}

function normalise(headers: Headers, where: Where): Headers {
  const differences = knownDifferences.filter((difference) => difference.where === where);
  const ignored = (header: string): KnownDifference["ignored"] | undefined =>
    differences.find((difference) => difference.header === header)?.ignored;
  return headers
    .filter(([name]) => ignored(name) !== "header")
    .map(([name, value]): [string, string] => [name, ignored(name) === "value" ? "…" : value])
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
