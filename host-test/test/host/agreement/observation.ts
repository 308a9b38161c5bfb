// What can be seen of one case from outside and in the plugins' logs.

import { TestChain } from "../../../testing/chain.ts";
import type { ClientSees, TestStream } from "../../../testing/chain.ts";
import { cluster } from "./generate.ts";
import type { Case } from "./generate.ts";

export interface Observation {
  /** The plugins' lines; of an exchange that never ended, those before the client gave up. */
  log: string[];
  status: number;
  /** undefined: the response did not end in order. */
  body: string | undefined;
  /** What the upstream received, if it received all. */
  upstream: string | undefined;
  /** `x-` headers of plugins, as the upstream and the client see them. */
  requestHeaders: string[];
  responseHeaders: string[];
}

/** The Node host's, as stock Envoy. */
export function observeChain(one: Case): Observation {
  const chain = new TestChain({
    flavour: "envoy",
    plugins: one.modules.map((module, index) => ({ name: `p${index}`, vmId: String(index), module })),
    calls: { [cluster]: () => ({ body: "called" }) },
  });
  // By hand, because here a piece comes only after everything that the piece before set off.
  const stream = chain.open("HTTP/1.1", true);
  const then = (step: () => void): void => {
    step();
    chain.settle();
  };
  const bytes = (text: string): Buffer => Buffer.from(text);
  then(() =>
    stream.http.requestHeaders(
      [
        [":method", one.method],
        [":path", "/p"],
        [":authority", "test.local"],
        [":scheme", "http"],
      ],
      one.method === "GET",
    ),
  );
  for (const chunk of one.chunks) then(() => stream.http.requestData(bytes(chunk), false));
  if (one.trailers) then(() => stream.http.requestTrailers([["t", "1"]]));
  else if (one.method === "POST") then(() => stream.http.requestData(bytes(""), true));
  if (stream.upstream?.complete) respond(one, stream, then);
  const { client, upstream, record } = stream;
  const log = chain.logs.map(({ message }) => message);
  return {
    log: record === undefined ? beforeEnd(log) : log,
    status: client.status,
    body: client.complete && lengthIsTrue(client) ? client.text : undefined,
    upstream: upstream?.complete ? upstream.text : undefined,
    requestHeaders: upstream?.complete ? own(upstream.headers) : [],
    responseHeaders: own(client.headers),
  };
}

function respond(
  { upstreamChunks, upstreamTrailers }: Case,
  { http }: TestStream,
  then: (step: () => void) => void,
) {
  if (upstreamChunks.length === 0) {
    then(() =>
      http.responseHeaders(
        [
          [":status", "200"],
          ["content-length", "0"],
        ],
        true,
      ),
    );
    return;
  }
  then(() => http.responseHeaders([[":status", "200"]], false));
  for (const chunk of upstreamChunks) then(() => http.responseData(Buffer.from(chunk), false));
  if (upstreamTrailers) then(() => http.responseTrailers([["t", "1"]]));
  else then(() => http.responseData(Buffer.alloc(0), true));
}

/** On the wire a wrong length makes a body that never completes, or bytes too many. */
function lengthIsTrue(client: ClientSees): boolean {
  const length = client.header("content-length");
  return length === undefined || Number(length) === client.body.length;
}

/** Lines before the first plugin logs the end of the stream. */
export function beforeEnd(log: string[]): string[] {
  const end = log.findIndex((line) => / log$/.test(line));
  return end < 0 ? log : log.slice(0, end);
}

/** Headers the plugins set, sorted: their place among the proxy's own is not what is compared. */
export function own(headers: readonly (readonly [string, string])[]): string[] {
  return headers
    .filter(([name]) => /^x-(?:a|b|same)(?:-|$)/.test(name))
    .map(([name, value]) => `${name}: ${value}`)
    .sort();
}
