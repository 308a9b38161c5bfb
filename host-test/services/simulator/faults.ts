// Failures on request. A request asks for one with the header `x-simulate: FAULT`, with the model `simulate-FAULT`, or
// with the API key `simulate-FAULT`, so that a failing model, a bad key and a failing provider can each be tried.
import type { Dialect, SimulatedRequest } from "./dialect.ts";

/**
 * - `status`: the provider's own error body with that status (`429`, `500`, any of 400–599).
 * - `timeout`: no answer until the client goes.
 * - `reset`: the connection is cut before the answer.
 * - `stream-error`: the stream ends half-way with the dialect's error event; a whole answer is cut as by `stream-reset`.
 * - `stream-reset`: the connection is cut half-way through the answer.
 * - `stream-stall`: nothing more comes after half of the answer, until the client goes.
 */
export type Fault =
  | { kind: "status"; status: number }
  | { kind: "timeout" | "reset" | "stream-error" | "stream-reset" | "stream-stall" };

const faultName = /^(?:[45]\d\d|timeout|reset|stream-error|stream-reset|stream-stall)$/;

/** The fault that a request asks for; the header wins over the key, the key over the model. */
export function faultOf(request: SimulatedRequest, dialect: Dialect): Fault | undefined {
  const candidates = [
    request.headers["x-simulate"],
    afterPrefix(dialect.keyOf(request)),
    afterPrefix(dialect.modelOf(request)),
  ];
  const name = candidates.find((candidate) => candidate !== undefined && faultName.test(candidate));
  if (name === undefined) return undefined;
  const status = Number(name);
  return Number.isInteger(status) ? { kind: "status", status } : ({ kind: name } as Fault);
}

// Routers name models `provider/model`.
function afterPrefix(text: string): string | undefined {
  return /(?:^|\/)simulate-([\w-]+)$/.exec(text)?.[1];
}
