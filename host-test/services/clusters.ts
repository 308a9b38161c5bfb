// Upstream clusters by Envoy name, over sockets.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { getCACertificates } from "node:tls";
import type { Cluster } from "../gateway/model.ts";
import type { Cancel, Headers, UpstreamReply, UpstreamRequest, Upstreams } from "../host/types.ts";
import { callCluster } from "./cluster-call.ts";
import { Http1Endpoint } from "./http1-endpoint.ts";
import { Http2Endpoint } from "./http2-endpoint.ts";
import type { EndpointPool, UpstreamListener, UpstreamStream } from "./upstream-stream.ts";

export interface ClusterOptions {
  /** Default 10 s. */
  connectTimeoutMs?: number;
  /** PEM; default Node's authorities and the system's. */
  certificateAuthorities?: string[];
}

/** Which member of a cluster a request should go to. */
export interface EndpointChoice {
  /** `ip:port` in order of preference. Those that are no members are passed over, so that no foreign address is dialled. */
  preferred?: string[];
  /** Members that failed this request, avoided while there are others. */
  tried?: ReadonlySet<string>;
}

export interface OpenedStream {
  stream: UpstreamStream;
  /** `host:port` of the member. */
  address: string;
}

/** Where a member listens, for protocols other than HTTP. */
export interface SocketAddress {
  host: string;
  port: number;
  tls?: { serverName: string };
}

interface Member {
  address: string;
  host: string;
  pool: EndpointPool;
  /** Monotonic milliseconds of the last refused connection. */
  failedAt: number | undefined;
}

/** A member that refused a connection counts as unhealthy for this long. */
const unhealthyMs = 10_000;
const resolutionMaxAgeMs = 5_000;

export class Clusters implements Upstreams {
  #options: ClusterOptions;
  #clusters = new Map<string, ClusterMembers>();

  constructor(clusters: Cluster[], options: ClusterOptions = {}) {
    this.#options = options;
    this.update(clusters);
  }

  /** Takes over a new list. Unchanged clusters keep their connections; running requests of removed ones end. */
  update(clusters: Cluster[]): void {
    const before = this.#clusters;
    this.#clusters = new Map(
      clusters.map((cluster) => {
        const same = before.get(cluster.name);
        const isKept = same?.describes(cluster) ?? false;
        return [cluster.name, isKept ? same! : new ClusterMembers(cluster, this.#options)];
      }),
    );
    for (const members of before.values()) if (!this.#members.includes(members)) members.close();
  }

  get #members(): ClusterMembers[] {
    return [...this.#clusters.values()];
  }

  has(cluster: string): boolean {
    return this.#clusters.has(cluster);
  }

  hosts(cluster: string): string[] {
    return this.#clusters.get(cluster)?.hosts() ?? [];
  }

  /** `undefined`: no such cluster, or it has no member. */
  open(
    cluster: string,
    headers: Headers,
    endStream: boolean,
    listener: UpstreamListener,
    choice: EndpointChoice = {},
  ): OpenedStream | undefined {
    return this.#clusters.get(cluster)?.open(headers, endStream, listener, choice);
  }

  /** `undefined`: no such cluster, or it has no member. */
  address(cluster: string): SocketAddress | undefined {
    return this.#clusters.get(cluster)?.address();
  }

  call(request: UpstreamRequest, reply: (reply: UpstreamReply) => void): Cancel | null {
    return callCluster(this, request, reply);
  }

  close(): void {
    for (const members of this.#members) members.close();
  }
}

class ClusterMembers {
  #cluster: Cluster;
  #members: Member[];
  #next = 0;
  #resolved = new Map<string, string[]>();
  #resolvedAt = -Infinity;

  constructor(cluster: Cluster, options: ClusterOptions) {
    this.#cluster = cluster;
    const Endpoint = cluster.protocol === "http2" ? Http2Endpoint : Http1Endpoint;
    const authorities = cluster.tls && (options.certificateAuthorities ?? trustedAuthorities());
    this.#members = cluster.endpoints.map(({ host, port }) => ({
      address: hostPort(host, port),
      host,
      pool: new Endpoint({
        ...{ host, port, connectTimeoutMs: options.connectTimeoutMs ?? 10_000 },
        ...(cluster.tls && { tls: cluster.tls }),
        ...(authorities && { certificateAuthorities: authorities }),
      }),
      failedAt: undefined,
    }));
    this.#resolve();
  }

  describes({ endpoints, protocol, tls }: Cluster): boolean {
    const own = this.#cluster;
    return (
      JSON.stringify([endpoints, protocol, tls]) === JSON.stringify([own.endpoints, own.protocol, own.tls])
    );
  }

  open(
    headers: Headers,
    endStream: boolean,
    listener: UpstreamListener,
    choice: EndpointChoice,
  ): OpenedStream | undefined {
    const member = this.#choose(choice);
    if (!member) return undefined;
    const stream = member.pool.open(headers, endStream, {
      headers: (response, isEnd) => {
        member.failedAt = undefined;
        listener.headers(response, isEnd);
      },
      data: (chunk, isEnd) => listener.data(chunk, isEnd),
      trailers: (trailers) => listener.trailers(trailers),
      failed: (reason, detail) => {
        if (reason === "remote connection failure" || reason === "connection timeout")
          member.failedAt = performance.now();
        listener.failed(reason, detail);
      },
      drained: () => listener.drained(),
    });
    return { stream, address: member.address };
  }

  address(): SocketAddress | undefined {
    const member = this.#choose({});
    const endpoint = member && this.#cluster.endpoints[this.#members.indexOf(member)];
    return endpoint && { ...endpoint, ...(this.#cluster.tls && { tls: this.#cluster.tls }) };
  }

  /** Names as the addresses they last had; until the first answer as they are. */
  hosts(): string[] {
    this.#resolve();
    const byHealth = this.#members.toSorted((a, b) => Number(isUnhealthy(a)) - Number(isUnhealthy(b)));
    return byHealth.flatMap((member) => this.#resolved.get(member.address) ?? [member.address]);
  }

  close(): void {
    for (const { pool } of this.#members) pool.close();
  }

  /** Round robin among the members that did not fail this request. */
  #choose({ preferred = [], tried = new Set() }: EndpointChoice): Member | undefined {
    const wanted = preferred
      .filter((address) => !tried.has(address))
      .map((address) => this.#members.find((member) => this.#isAt(member, address)))
      .find((member) => member !== undefined);
    if (wanted) return wanted;
    const fresh = this.#members.filter(({ address }) => !tried.has(address));
    const candidates = fresh.length > 0 ? fresh : this.#members;
    return candidates[this.#next++ % candidates.length];
  }

  #isAt(member: Member, address: string): boolean {
    return member.address === address || (this.#resolved.get(member.address)?.includes(address) ?? false);
  }

  #resolve(): void {
    const names = this.#members.filter(({ host }) => isIP(host) === 0);
    const now = performance.now();
    if (names.length === 0 || now - this.#resolvedAt < resolutionMaxAgeMs) return;
    this.#resolvedAt = now;
    for (const { address, host } of names) {
      const port = Number(address.slice(address.lastIndexOf(":") + 1));
      lookup(host, { all: true }).then(
        (found) =>
          this.#resolved.set(
            address,
            found.map((item) => hostPort(item.address, port)),
          ),
        // A name that cannot be resolved now keeps the addresses it had.
        () => undefined,
      );
    }
  }
}

function isUnhealthy({ failedAt }: Member): boolean {
  return failedAt !== undefined && performance.now() - failedAt < unhealthyMs;
}

function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

let authorities: string[] | undefined;

/** Envoy trusts the system's authorities; Node brings its own, which a bare container needs. */
function trustedAuthorities(): string[] {
  authorities ??= [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
  return authorities;
}
