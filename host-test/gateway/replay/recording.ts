// What a file holds that can be sent again: a trace of this gateway, or the entries of an HTTP Archive of anybody's.

import type { Headers } from "../../host/types.ts";
import type { ReplayableRequest } from "../traces/exchange-trace.ts";
import { isMasked } from "../traces/redaction.ts";
import { traceFormat, type Body, type Message, type Trace } from "../traces/trace.ts";

export interface Recording {
  /** `METHOD PATH`. */
  name: string;
  request: ReplayableRequest;
  /** What is not sent, because the file does not say it: names of headers, `?NAME` for parameters. */
  omitted: string[];
  /** What was seen. A HAR file knows only the answer. */
  seen: SeenExchange;
}

/** Absent: there was none, or (in a HAR file) it is not known. */
export type SeenExchange = Partial<
  Pick<Trace, "upstreamRequest" | "upstreamResponse" | "response" | "cluster">
> & { isTrace: boolean };

/** The file is no recording, or what it holds cannot be sent again. */
export class UnusableRecording extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnusableRecording";
  }
}

/** Recordings in the order of the file. `text`: its content. Throws `UnusableRecording`. */
export function readRecordings(text: string): Recording[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new UnusableRecording(`is not JSON: ${(error as Error).message}`);
  }
  const { format, log } = Object(document) as { format?: unknown; log?: { entries?: unknown } };
  if (format === traceFormat) return [fromTrace(document as Trace)];
  if (typeof format === "string")
    throw new UnusableRecording(`has format ${format}: expected ${traceFormat}`);
  if (!Array.isArray(log?.entries))
    throw new UnusableRecording(`is neither a trace (format ${traceFormat}) nor a HAR file (log.entries)`);
  if (log.entries.length === 0) throw new UnusableRecording("holds no exchange");
  return log.entries.map((entry, index) => {
    try {
      return fromHar(entry as HarEntry);
    } catch (error) {
      const reason =
        error instanceof UnusableRecording ? error.message : "is no entry with request and response";
      throw new UnusableRecording(`log.entries[${index}]: ${reason}`);
    }
  });
}

function fromTrace(trace: Trace): Recording {
  if (!Array.isArray(trace.request?.headers) || typeof trace.request.body !== "object")
    throw new UnusableRecording("request: expected headers and a body");
  const { upstreamRequest, upstreamResponse, response, cluster } = trace;
  return recording(trace.request, {
    isTrace: true,
    ...(upstreamRequest && { upstreamRequest }),
    ...(upstreamResponse && { upstreamResponse }),
    ...(response && { response }),
    ...(cluster !== undefined && { cluster }),
  });
}

interface HarHeader {
  name: string;
  value: string;
}

interface HarText {
  text?: string;
  encoding?: string;
  comment?: string;
}

interface HarEntry {
  request: {
    method: string;
    url: string;
    headers: HarHeader[];
    bodySize?: number;
    postData?: HarText;
  };
  response: { status: number; headers: HarHeader[]; content?: HarText & { size?: number } };
}

/** http://www.softwareishard.com/blog/har-12-spec/ */
function fromHar({ request, response }: HarEntry): Recording {
  const url = URL.parse(request.url);
  if (!url) throw new UnusableRecording(`request.url: expected a URL, found ${request.url}`);
  const headers: Headers = [
    [":method", request.method],
    [":path", url.pathname + url.search],
    [":authority", url.host],
    ...plain(request.headers).filter(([name]) => name !== "host"),
  ];
  const body = harBody(request.postData, request.bodySize);
  // Status 0: no answer came.
  const answer: Message | undefined = response.status > 0 ? harAnswer(response) : undefined;
  return recording({ headers, body }, { isTrace: false, ...(answer && { response: answer }) });
}

function harAnswer({ status, headers, content }: HarEntry["response"]): Message {
  return {
    headers: [[":status", String(status)], ...plain(headers)],
    body: harBody(content, content?.size),
  };
}

function plain(headers: HarHeader[]): Headers {
  return headers
    .map(({ name, value }): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !name.startsWith(":"));
}

/** A body of which the file says that it was there, and no more, counts as cut. */
function harBody(content: HarText | undefined, size = 0): Body {
  const text = content?.text;
  if (text === undefined || content?.comment === "truncated")
    return { bytes: Math.max(size, 0), text: "", ...(size > 0 && { truncated: true }) };
  if (content?.encoding === "base64") return { bytes: size, base64: text };
  return { bytes: Buffer.byteLength(text), text };
}

function recording({ headers, body }: Message, seen: SeenExchange): Recording {
  const pseudo = (name: string): string => headers.find(([key]) => key === name)?.[1] ?? "";
  const name = `${pseudo(":method")} ${pseudo(":path")}`;
  if (body.truncated) throw new UnusableRecording(`${name}: its body was not kept as a whole`);
  const omitted: string[] = [];
  const kept = headers.flatMap(([key, value]): Headers => {
    if (!isMasked(value)) return [[key, value]];
    if (key === ":path") return [[key, withoutMaskedParameters(value, omitted)]];
    omitted.push(key);
    return [];
  });
  return { name, request: { headers: kept, body: bytesOf(body) }, omitted, seen };
}

function withoutMaskedParameters(path: string, omitted: string[]): string {
  const start = path.indexOf("?");
  if (start < 0) return path;
  const parameters = path.slice(start + 1).split("&");
  const kept = parameters.filter((parameter) => !isMasked(parameter));
  for (const parameter of parameters)
    if (isMasked(parameter)) omitted.push(`?${parameter.replace(/=.*$/s, "")}`);
  return path.slice(0, start) + (kept.length > 0 ? `?${kept.join("&")}` : "");
}

/** The kept bytes of a recorded body. */
export function bytesOf({ text, base64 }: Body): Buffer {
  return base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64");
}
