// What the runner asks of Envoy's admin port.

import { setTimeout as delay } from "node:timers/promises";

const pollMs = 15;

interface Listeners {
  listener_statuses?: { name: string; local_address: { socket_address: { port_value: number } } }[];
}

export class Admin {
  readonly port: number;
  constructor(port: number) {
    this.port = port;
  }

  async get(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`);
  }

  async post(path: string): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { method: "POST" });
    await response.text();
  }

  async isReady(): Promise<boolean> {
    const response = await this.get("/ready");
    await response.text();
    return response.status === 200;
  }

  /** The port a listener really has; undefined while it is not listening. */
  async listenerPort(name: string): Promise<number | undefined> {
    const listeners = (await (await this.get("/listeners?format=json")).json()) as Listeners;
    return listeners.listener_statuses?.find((one) => one.name === name)?.local_address.socket_address
      .port_value;
  }

  /** Value of one counter or gauge, 0 if Envoy has none of that name. */
  async stat(name: string): Promise<number> {
    const filter = encodeURIComponent(`^${name.replace(/[.|*+?()[\]{}^$\\]/g, "\\$&")}$`);
    const text = await (await this.get(`/stats?filter=${filter}`)).text();
    return Number(/: (\d+)\s*$/.exec(text)?.[1] ?? 0);
  }
}

/** Polls until `probe` gives something else than undefined; undefined when `deadlineMs` have passed. */
export async function waitFor<T>(
  probe: () => Promise<T | undefined>,
  deadlineMs: number,
): Promise<T | undefined> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined || Date.now() > deadline) return value;
    await delay(pollMs);
  }
}
