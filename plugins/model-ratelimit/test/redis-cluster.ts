// A real Redis Cluster of three masters, and an Envoy with its `redis_proxy` filter in front of it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { requireEnvoy } from "../../../host-test/envoy/binary.ts";
import { startRedisServer, type RedisServer } from "../../../host-test/test/gateway/redis-server.ts";
import { command } from "./redis-relay.ts";

const SLOTS = 16_384;

/** `until` gives a value once it is there. */
async function waitFor<T>(until: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await until();
    if (found !== undefined) return found;
    await new Promise(setImmediate);
  }
}

export class RedisCluster {
  readonly nodes: RedisServer[] = [];

  /** Ends with the test. Slots are assigned as `redis-cli --cluster create` assigns them, which not every machine has. */
  static async start(masters = 3): Promise<RedisCluster> {
    const cluster = new RedisCluster();
    const folder = await mkdtemp(join(tmpdir(), "redis-cluster-"));
    onTestFinished(async () => {
      await Promise.all(cluster.nodes.map((node) => node.stop()));
      await rm(folder, { recursive: true });
    });
    for (let i = 0; i < masters; i++) {
      const file = join(folder, `${i}.conf`);
      cluster.nodes.push(await startRedisServer("--cluster-enabled", "yes", "--cluster-config-file", file));
    }
    const share = Math.ceil(SLOTS / masters);
    for (const [i, { port }] of cluster.nodes.entries()) {
      const slots = Array.from({ length: Math.min(share, SLOTS - i * share) }, (_, at) => i * share + at);
      await command(port, "cluster", "addslots", ...slots);
      await command(port, "cluster", "set-config-epoch", i + 1);
      if (i > 0) await command(port, "cluster", "meet", "127.0.0.1", cluster.nodes[0]!.port);
    }
    for (const { port } of cluster.nodes) {
      await waitFor(async () => {
        const info = await command(port, "cluster", "info");
        return info.includes("cluster_state:ok") && info.includes(`cluster_size:${masters}`)
          ? true
          : undefined;
      });
    }
    return cluster;
  }

  /** Every key of all nodes. */
  async keys(pattern = "*"): Promise<string[]> {
    const replies = await Promise.all(this.nodes.map(({ port }) => command(port, "keys", pattern)));
    return replies.flatMap((reply) =>
      reply.split("\r\n").filter((line) => line !== "" && !/^[*$]\d+$/.test(line)),
    );
  }

  /** The node that has a key's slot. */
  async nodeOf(key: string): Promise<RedisServer> {
    const slot = Number((await command(this.nodes[0]!.port, "cluster", "keyslot", key)).slice(1));
    return this.nodes[Math.floor(slot / Math.ceil(SLOTS / this.nodes.length))]!;
  }

  async get(key: string): Promise<string> {
    return (await command((await this.nodeOf(key)).port, "get", key)).split("\r\n")[1] ?? "";
  }

  /** Address of a proxy that speaks to clients as one server. Ends with the test. */
  async proxy(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "redis-proxy-"));
    const admin = join(folder, "admin");
    const type = (name: string) => ({ "@type": `type.googleapis.com/envoy.extensions.${name}` });
    const socket = (port: number) => ({
      address: { socket_address: { address: "127.0.0.1", port_value: port } },
    });
    const bootstrap = {
      admin: socket(0),
      static_resources: {
        listeners: [
          {
            name: "redis",
            ...socket(0),
            filter_chains: [
              {
                filters: [
                  {
                    name: "envoy.filters.network.redis_proxy",
                    typed_config: {
                      ...type("filters.network.redis_proxy.v3.RedisProxy"),
                      stat_prefix: "redis",
                      settings: { op_timeout: "5s", enable_redirection: true },
                      prefix_routes: { catch_all_route: { cluster: "nodes" } },
                    },
                  },
                ],
              },
            ],
          },
        ],
        clusters: [
          {
            name: "nodes",
            connect_timeout: "1s",
            lb_policy: "CLUSTER_PROVIDED",
            cluster_type: {
              name: "envoy.clusters.redis",
              typed_config: type("clusters.redis.v3.RedisClusterConfig"),
            },
            load_assignment: {
              cluster_name: "nodes",
              endpoints: [{ lb_endpoints: this.nodes.map(({ port }) => ({ endpoint: socket(port) })) }],
            },
          },
        ],
      },
    };
    const file = join(folder, "envoy.json");
    await writeFile(file, JSON.stringify(bootstrap));
    const options = ["-c", file, "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error"];
    const envoy = spawn(await requireEnvoy(), [...options, "--admin-address-path", admin], {
      stdio: "ignore",
    });
    onTestFinished(async () => {
      envoy.kill("SIGKILL");
      if (envoy.exitCode === null && envoy.signalCode === null) await once(envoy, "exit");
      await rm(folder, { recursive: true });
    });
    const url = await waitFor(async () => (await readFile(admin, "utf8").catch(() => "")) || undefined);
    const address = await waitFor(async () => {
      const answer = await fetch(`http://${url}/listeners?format=text`).catch(() => undefined);
      return /redis::(\S+)/.exec((await answer?.text()) ?? "")?.[1];
    });
    // It knows where the slots are once it passes commands on.
    const port = Number(address.split(":")[1]);
    await waitFor(async () => ((await command(port, "get", "x")) === "$-1\r\n" ? true : undefined));
    return address;
  }
}
