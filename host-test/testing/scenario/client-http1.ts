// The HTTP/1.1 client of a scenario.

import { request as startRequest, type ClientRequest as NodeRequest } from "node:http";
import { AnswerReader } from "./answer-reader.ts";
import type { ClientExchange, RequestHead } from "./client.ts";
import { flushed, flushHeaders } from "./flush.ts";
import { bytes, headerList, pairs, type Answer, type Ending } from "./message.ts";

export function openHttp1(port: number, head: RequestHead): ClientExchange {
  return new Http1Exchange(port, head);
}

class Http1Exchange implements ClientExchange {
  #reader = new AnswerReader();
  #request: NodeRequest;

  constructor(port: number, { method, path, host, headers, endStream }: RequestHead) {
    const reader = this.#reader;
    const framed = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
    const framing = endStream || framed ? [] : ["transfer-encoding", "chunked"];
    this.#request = startRequest({
      host: "127.0.0.1",
      port,
      method,
      path,
      agent: false,
      headers: ["host", host, ...headers.flat(), ...framing],
    });
    this.#request.on("response", (message) => {
      reader.answer.status = message.statusCode ?? 0;
      reader.answer.headers = pairs(message.rawHeaders);
      reader.gotHead();
      message.on("data", (chunk: Buffer) => reader.gotData(chunk));
      message.on("error", () => undefined);
      message.on("close", () => {
        reader.answer.trailers = pairs(message.rawTrailers);
        reader.answer.complete = message.complete;
        reader.gotEnd();
      });
    });
    // The answer may come, and the connection close, before the whole request is written.
    this.#request.on("error", () => undefined);
    this.#request.on("close", () => {
      if (reader.answer.status === 0) reader.gotEnd();
    });
    if (endStream) this.#request.end();
    else flushHeaders(this.#request);
  }

  get received(): Answer {
    return this.#reader.answer;
  }

  get head(): Promise<Answer> {
    return this.#reader.head;
  }

  get answer(): Promise<Answer> {
    return this.#reader.end;
  }

  async write(data: string | Uint8Array): Promise<void> {
    if (this.#request.destroyed) return;
    await flushed(this.#request, (done) => this.#request.write(bytes(data), done));
  }

  async end({ data, trailers }: Ending = {}): Promise<void> {
    if (this.#request.destroyed || this.#request.writableEnded) return;
    const list = headerList(trailers);
    if (list.length > 0) this.#request.addTrailers(list);
    await flushed(this.#request, (done) => this.#request.end(data ?? "", done));
  }

  next(): Promise<Buffer | null> {
    return this.#reader.next();
  }

  until(text: string): Promise<void> {
    return this.#reader.until(text);
  }

  abort(): void {
    this.#request.destroy();
  }
}
