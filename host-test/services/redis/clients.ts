// Redis as Higress offers it to plugins: one client per worker and cluster (compat/model-common.md §4).

import type { RedisClients } from "../../host/types.ts";
import type { Clusters, SocketAddress } from "../clusters.ts";
import { RedisConnection } from "./connection.ts";

interface Settings {
  username: string;
  password: string;
  timeoutMs: number;
  database: number;
}

interface Client {
  settings: Settings;
  connection: RedisConnection | undefined;
}

export class RedisClusterClients implements RedisClients {
  #clusters: Clusters;
  #clients = new Map<string, Client>();
  #log: (message: string) => void;

  constructor(clusters: Clusters, log: (message: string) => void) {
    this.#clusters = clusters;
    this.#log = log;
  }

  /** `service`: cluster name, optionally with `?db=N&buffer_flush_timeout=MS&max_buffer_size_before_flush=BYTES`. */
  init(service: string, username: string, password: string, timeoutMs: number): "ok" | "unknown-cluster" {
    const [cluster = "", query = ""] = splitOnce(service);
    if (!this.#clusters.has(cluster)) return "unknown-cluster";
    // The two buffer parameters trade latency for packets; here commands of one turn always leave together.
    const database = Number(new URLSearchParams(query).get("db") ?? 0) || 0;
    const settings = { username, password, timeoutMs, database };
    const client = this.#clients.get(cluster);
    if (client && JSON.stringify(client.settings) === JSON.stringify(settings)) return "ok";
    this.#clients.set(cluster, { settings, connection: undefined });
    client?.connection?.close();
    return "ok";
  }

  call(
    service: string,
    command: Uint8Array,
    reply: (data: Uint8Array | undefined) => void,
  ): "ok" | "not-initialised" | "failed" {
    const [cluster = ""] = splitOnce(service);
    const client = this.#clients.get(cluster);
    if (!client) return "not-initialised";
    const address = this.#clusters.address(cluster);
    if (!address) return "failed";
    client.connection ??= this.#connect(cluster, client, address);
    client.connection.send(command, reply);
    return "ok";
  }

  close(): void {
    for (const { connection } of this.#clients.values()) connection?.close();
  }

  #connect(cluster: string, client: Client, address: SocketAddress): RedisConnection {
    const { settings } = client;
    const connection = new RedisConnection({ ...address, ...settings }, (reason) => {
      // The next command dials again.
      if (client.connection === connection) client.connection = undefined;
      if (reason !== "closed") this.#log(`redis ${cluster}: ${reason}`);
    });
    return connection;
  }
}

function splitOnce(service: string): [cluster: string, query: string] {
  const question = service.indexOf("?");
  return question < 0 ? [service, ""] : [service.slice(0, question), service.slice(question + 1)];
}
