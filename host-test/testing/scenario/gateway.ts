// The gateway of a scenario: an engine that serves a set-up, its upstreams, its clients.

import { expect } from "vitest";
import { open, send, sendRaw, type ClientExchange, type ClientRequest } from "./client.ts";
import type { PluginLog, RunningGateway, StartEngine } from "./engine.ts";
import type { Answer, SeenRequest } from "./message.ts";
import {
  overrides,
  toModel,
  upstreamSetup,
  type Endpoint,
  type GatewaySetup,
  type UpstreamSetup,
} from "./setup.ts";
import { Upstream } from "./upstream.ts";

/** Nobody listens there, and no system gives it to a server that asks for any port. */
const CLOSED_PORT = 1;

export class Gateway {
  /** What plugins have logged since the start or `clear`, oldest first. Lines come a moment after what they tell of. */
  logs: PluginLog[] = [];
  #setup: GatewaySetup;
  #start: StartEngine;
  #upstreams = new Map<string, Upstream>();
  #endpoints = new Map<string, Endpoint[]>();
  #running: RunningGateway | undefined;

  /** Scenarios get gateways from `Engine.start` and `Engine.shared`. */
  constructor(setup: GatewaySetup, start: StartEngine) {
    this.#setup = setup;
    this.#start = start;
  }

  get port(): number {
    return this.#engine.port;
  }

  /** The first log line that holds `text`, as soon as there is one. */
  async logged(text: string): Promise<string> {
    const lines = () => this.logs.map(({ message }) => message);
    await expect.poll(() => lines().join("\n")).toContain(text);
    return lines().find((line) => line.includes(text))!;
  }

  /** Sends a request and reads its answer to the end, on a connection of its own. */
  async send(request: ClientRequest = {}): Promise<Answer> {
    return send(this.port, request);
  }

  /** Sends a request's head and leaves the rest to the test. `body`, `chunks` and `trailers` are not read. */
  open(request: ClientRequest = {}): ClientExchange {
    return open(this.port, request);
  }

  /** Sends bytes as they are; gives what came until the gateway closed the connection, one character per byte. */
  async sendRaw(data: string | Uint8Array): Promise<string> {
    return sendRaw(this.port, data);
  }

  /** An upstream of the set-up, by the name it has there; one of several members as `SERVICE/MEMBER`. */
  upstream(name: string): Upstream {
    const upstream = this.#upstreams.get(name);
    if (!upstream) throw new Error(`the scenario has no running upstream ${name}`);
    return upstream;
  }

  /** What all upstreams have received, by their names. */
  get received(): Record<string, SeenRequest[]> {
    return Object.fromEntries([...this.#upstreams].map(([name, { requests }]) => [name, requests]));
  }

  /** Custom metrics as Prometheus text. */
  async metrics(): Promise<string> {
    return this.#engine.metrics();
  }

  /** Applies other plugins, routes and upstreams; upstreams of the same name stay as they are. Rejects if a plugin refuses. */
  async reload(setup: GatewaySetup): Promise<void> {
    await this.#listen(setup);
    await this.#engine.reload(await this.#model(setup), overrides(setup));
  }

  /** Forgets what upstreams received, what tests scripted and what plugins logged since the start. */
  clear(): void {
    this.logs = [];
    for (const upstream of this.#upstreams.values()) upstream.clear();
  }

  async start(): Promise<void> {
    const { workers = 1, logLevel = "info", bufferLimit } = this.#setup;
    await this.#listen(this.#setup);
    const options = {
      plugins: overrides(this.#setup),
      workers,
      logLevel,
      onLog: (entry: PluginLog) => void this.logs.push(entry),
      ...(bufferLimit && { bufferLimit }),
    };
    this.#running = await this.#start(await this.#model(this.#setup), options);
  }

  /** Rejects with the first thing that went wrong in an upstream's script. */
  async stop(): Promise<void> {
    await this.#running?.stop();
    await Promise.all([...this.#upstreams.values()].map((upstream) => upstream.close()));
    const failures = [...this.#upstreams.values()].flatMap((upstream) => upstream.failures);
    if (failures.length > 0) throw failures[0];
  }

  get #engine(): RunningGateway {
    if (!this.#running) throw new Error("the gateway is used before it has started");
    return this.#running;
  }

  async #listen(setup: GatewaySetup): Promise<void> {
    for (const [name, given] of Object.entries(setup.upstreams ?? {})) {
      if (!this.#endpoints.has(name))
        this.#endpoints.set(name, await this.#serve(name, upstreamSetup(given)));
    }
  }

  async #serve(name: string, setup: UpstreamSetup): Promise<Endpoint[]> {
    const { reply = {}, members = { "": reply }, address, protocol = "http1", state = "up" } = setup;
    if (address !== undefined) return [endpoint(address)];
    if (state === "none") return [];
    if (state === "refused") return [{ host: "127.0.0.1", port: CLOSED_PORT }];
    const endpoints: Endpoint[] = [];
    for (const [member, script] of Object.entries(members)) {
      const upstream = new Upstream(member === "" ? name : `${name}/${member}`, script);
      await upstream.listen(protocol);
      this.#upstreams.set(upstream.name, upstream);
      endpoints.push({ host: "127.0.0.1", port: upstream.port });
    }
    return endpoints;
  }

  #model(setup: GatewaySetup): ReturnType<typeof toModel> {
    return toModel(setup, (service) => this.#endpoints.get(service) ?? []);
  }
}

function endpoint(address: string): Endpoint {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
