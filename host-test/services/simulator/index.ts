// Model providers without a provider: the three dialects that clients and gateways speak, answered from the request
// alone. For trying a gateway without a key, and for tests that need an upstream as strict as the real one.
import { anthropic } from "./anthropic.ts";
import type { Dialect, SimulatedRequest } from "./dialect.ts";
import { gemini } from "./gemini.ts";
import { openai } from "./openai.ts";
import { openPort } from "./server.ts";

export type { SimulatedRequest } from "./dialect.ts";

export type DialectName = "openai" | "anthropic" | "gemini";

export const dialectNames: readonly DialectName[] = ["openai", "anthropic", "gemini"];

const dialects: Record<DialectName, Dialect> = { openai, anthropic, gemini };

export interface SimulatorOptions {
  /** Address to listen on; the loopback address by default. */
  host?: string;
  /** Fixed ports; by default each dialect takes a free one. */
  ports?: Partial<Record<DialectName, number>>;
  /** Pause after each event of a stream, in milliseconds, so that a person sees it flow. 0 by default. */
  eventDelayMs?: number;
  /** Clock for `created` fields, in milliseconds since 1970. */
  now?: () => number;
  /** Called with each request once its body has arrived. */
  onRequest?: (dialect: DialectName, request: SimulatedRequest) => void;
}

export interface Simulator {
  port(dialect: DialectName): number;
  /** `http://HOST:PORT` */
  url(dialect: DialectName): string;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a simulated provider per dialect, each on a port of its own, HTTP/1.1 and HTTP/2 cleartext.
 *
 *     const simulator = await startSimulator();
 *     const client = new OpenAI({ baseURL: `${simulator.url("openai")}/v1`, apiKey: "any" });
 *
 * Equal requests get equal answers. `x-simulate: 429`, the model `simulate-429` or the key `simulate-429` ask for a
 * failure; faults.ts lists them.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = "127.0.0.1", ports = {}, eventDelayMs = 0, now = Date.now, onRequest } = options;
  const opened = await Promise.all(
    dialectNames.map((name) =>
      openPort(dialects[name], {
        host,
        port: ports[name] ?? 0,
        eventDelayMs,
        now,
        onRequest: onRequest && ((request) => onRequest(name, request)),
      }),
    ),
  );
  const port = (dialect: DialectName): number => opened[dialectNames.indexOf(dialect)]?.port ?? 0;
  return {
    port,
    url: (dialect) => `http://${host}:${port(dialect)}`,
    close: async () => void (await Promise.all(opened.map((one) => one.close()))),
  };
}
