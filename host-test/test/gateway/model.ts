// The smallest models for tests that start the gateway themselves.

import type { GatewayModel } from "../../gateway/model.ts";

const position = { file: "test", line: 1, path: "" };

/** Services by name and port on this machine; everything goes to the first. */
export function modelOf(services: Record<string, number>): GatewayModel {
  const clusters = Object.entries(services).map(([service, port]) => ({
    name: `outbound|80||${service}`,
    endpoints: [{ host: "127.0.0.1", port }],
    protocol: "http1" as const,
    position,
  }));
  const routes = clusters.slice(0, 1).map(({ name }) => ({
    name: "default",
    host: "*",
    path: { type: "prefix" as const, value: "/" },
    headers: [],
    methods: [],
    destinations: [{ cluster: name, weight: 100 }],
    timeoutMs: 0,
    position,
  }));
  return { plugins: [], clusters, routes, ignored: [] };
}
