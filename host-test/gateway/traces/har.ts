// A trace as HTTP Archive 1.2: what the client sent and got, for tools that know nothing of gateways.

import type { Message, Trace } from "./trace.ts";

export function toHar(trace: Trace): object {
  const { request, response } = trace;
  const url = new URL(
    pseudo(request, ":path") || "/",
    `http://${pseudo(request, ":authority") || "localhost"}`,
  );
  const status = Number((response && pseudo(response, ":status")) ?? 0);
  return {
    log: {
      version: "1.2",
      creator: { name: "gateway", version: trace.format },
      entries: [
        {
          startedDateTime: trace.startedAt,
          time: trace.durationMs,
          request: {
            method: pseudo(request, ":method"),
            url: url.href,
            httpVersion: trace.protocol,
            headers: headersOf(request),
            queryString: [...url.searchParams].map(([name, value]) => ({ name, value })),
            cookies: [],
            headersSize: -1,
            bodySize: request.body.bytes,
            ...(request.body.bytes > 0 && { postData: { mimeType: typeOf(request), ...textOf(request) } }),
          },
          response: {
            status,
            statusText: "",
            httpVersion: trace.protocol,
            headers: response ? headersOf(response) : [],
            cookies: [],
            content: {
              size: response?.body.bytes ?? 0,
              mimeType: response ? typeOf(response) : "",
              ...(response && textOf(response)),
            },
            redirectURL: "",
            headersSize: -1,
            bodySize: response?.body.bytes ?? 0,
          },
          cache: {},
          timings: { send: 0, wait: trace.durationMs, receive: 0 },
          comment: trace.details,
        },
      ],
    },
  };
}

function pseudo(message: Message, name: string): string {
  return message.headers.find(([key]) => key === name)?.[1] ?? "";
}

function headersOf(message: Message): { name: string; value: string }[] {
  return message.headers.filter(([name]) => !name.startsWith(":")).map(([name, value]) => ({ name, value }));
}

function typeOf(message: Message): string {
  return pseudo(message, "content-type");
}

function textOf({ body }: Message): { text?: string; encoding?: string; comment?: string } {
  return {
    ...(body.base64 === undefined ? { text: body.text ?? "" } : { text: body.base64, encoding: "base64" }),
    ...(body.truncated && { comment: "truncated" }),
  };
}
