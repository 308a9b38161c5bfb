// The upstreams of a recorded exchange, played from the recording: what the chain does now can be set beside what it
// did then, without a provider, and nobody pays twice.

import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { GatewayModel } from "../model.ts";
import { bytesOf, UnusableRecording, type SeenExchange } from "./recording.ts";

/** Of the old connection. */
const connectionHeaders = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"]);

export class PlayedUpstream {
  #seen: SeenExchange = { isTrace: false };
  #server = createServer((request, response) => {
    request.resume();
    request.on("end", () => this.#answer(response));
  });

  /** What is answered from now on. Throws `UnusableRecording` when the recorded answer is not whole. */
  play(seen: SeenExchange): void {
    if (seen.upstreamResponse?.body.truncated)
      throw new UnusableRecording(
        "its upstream's answer was not kept as a whole; --upstream live asks again",
      );
    this.#seen = seen;
  }

  /** The model with every cluster that a route leads to, led here. */
  async apply(model: GatewayModel): Promise<GatewayModel> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo;
    const routed = new Set(model.routes.flatMap(({ destinations }) => destinations.map((to) => to.cluster)));
    const clusters = model.clusters.map((cluster) => {
      if (!routed.has(cluster.name)) return cluster;
      const { tls: _, ...rest } = cluster;
      return { ...rest, endpoints: [{ host: "127.0.0.1", port }], protocol: "http1" as const };
    });
    return { ...model, clusters };
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(response: ServerResponse): void {
    const { upstreamRequest, upstreamResponse } = this.#seen;
    if (upstreamResponse === undefined) {
      // It was asked and broke off, or nobody ever asked it.
      if (upstreamRequest !== undefined) response.destroy();
      else response.writeHead(503).end("the recording holds no answer of an upstream\n");
      return;
    }
    const { headers, body } = upstreamResponse;
    const status = Number(headers.find(([name]) => name === ":status")?.[1] ?? 502);
    const sent = headers.filter(([name]) => !name.startsWith(":") && !connectionHeaders.has(name));
    response.sendDate = false;
    response.writeHead(status, sent.flat());
    response.end(bytesOf(body));
  }
}
