// What Envoy's connection manager does with answer headers after the last filter.

import type { Header, Headers } from "../../host/types.ts";
import { headerValue } from "../../services/upstream-stream.ts";

const removed = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

const serverName = "envoy";

const invalidValue = /[\0\r\n]/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Headers as they go to the client, or the name of one that cannot be written. */
export function finishResponse(headers: Headers): Headers | { invalid: string } {
  const finished = headers
    .filter(([name]) => !removed.includes(name))
    .map(([name, value]): Header => [name, name === "server" ? serverName : value]);
  // Envoy writes such bytes as they are and so lets a plugin split a response: a bug to see, not to imitate.
  const invalid = finished.find(
    ([name, value]) => !(name === ":status" || token.test(name)) || invalidValue.test(value),
  );
  if (invalid) return { invalid: invalid[0] };
  if (headerValue(finished, "date") === undefined) finished.push(["date", httpDate()]);
  if (headerValue(finished, "server") === undefined) finished.push(["server", serverName]);
  return finished;
}

let cachedSecond = 0;
let cachedDate = "";

/** Formatting a date costs more than the rest of a head; within a second it is the same. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== cachedSecond) [cachedSecond, cachedDate] = [second, new Date(second * 1000).toUTCString()];
  return cachedDate;
}
