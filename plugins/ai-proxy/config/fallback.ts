// `fallbacks` of a provider entry: who is asked when the provider has failed, one after the other.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Failure } from "../attempts/failure";
import { Upstream } from "../config";
import { StatusPatterns } from "./status-patterns";

const DEFAULT_TIMEOUT_MS = 120000;

export class Fallback {
  private statuses: StatusPatterns = new StatusPatterns();
  private onConnect: bool = false;
  private onTimeout: bool = false;

  constructor(
    /** `id` of the entry. */
    public id: string,
    public upstream: Upstream,
    /** Envoy's name of the cluster that leads there. */
    public cluster: string,
    public timeoutMs: i32,
  ) {}

  /** True when this failure is one for which the fallback is asked. */
  serves(failure: Failure): bool {
    if (failure.isConnect && this.onConnect) return true;
    if (failure.isTimeout && this.onTimeout) return true;
    return failure.isAnswer && this.statuses.has(failure.status);
  }

  /** An item of `fallbacks`; null, with an error in the report, when it cannot be used. */
  static read(reader: ConfigReader, entries: ConfigReader[]): Fallback | null {
    const id = reader.requiredText("providerId");
    const cluster = clusterOf(reader);
    const timeoutMs = reader.integerBetween("timeout", DEFAULT_TIMEOUT_MS, 1, i32.MAX_VALUE);
    // kubectl reads YAML 1.1, in which an unquoted `on` is a boolean.
    const on = reader.texts(reader.has("on") ? "on" : "true");
    reader.warnUnread();
    if (id.length == 0) return null;
    const entry = Upstream.entryOf(id, entries);
    if (entry === null) {
      reader.fail(`providerId: no provider has the id ${id}`);
      return null;
    }
    const upstream = Upstream.read(new ConfigReader(entry.value, entry.path, reader.report));
    if (upstream === null) return null;
    // A file that lies with the provider is fetched where the provider is.
    const context = upstream.settings.context;
    if (context !== null && context.isProviderFile) context.cluster = cluster;
    const fallback = new Fallback(id, upstream, cluster, <i32>timeoutMs);
    fallback.readClasses(on, reader);
    return fallback;
  }

  private readClasses(on: string[], reader: ConfigReader): void {
    if (on.length == 0) on = ["429", "5xx", "connect"];
    for (let i = 0; i < on.length; i++) {
      if (on[i] == "connect") this.onConnect = true;
      else if (on[i] == "timeout") this.onTimeout = true;
      else this.statuses.add(on[i].endsWith("xx") ? "^" + on[i].substring(0, 1) : on[i], reader, "on");
    }
  }
}

function clusterOf(reader: ConfigReader): string {
  const cluster = reader.text("cluster");
  const service = reader.text("serviceName");
  const port = reader.integerBetween("servicePort", 0, 0, 65535);
  if (cluster.length > 0) return cluster;
  if (service.length == 0 || port == 0) reader.fail("expected serviceName and servicePort, or cluster");
  return `outbound|${port}||${service}`;
}
