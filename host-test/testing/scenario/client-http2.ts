// The HTTP/2 client of a scenario, cleartext with prior knowledge.

import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { AnswerReader } from "./answer-reader.ts";
import type { ClientExchange, RequestHead } from "./client.ts";
import { flushed } from "./flush.ts";
import { bytes, headerList, headerObject, pairs, type Answer, type Ending } from "./message.ts";

export function openHttp2(port: number, head: RequestHead): ClientExchange {
  return new Http2Exchange(port, head);
}

class Http2Exchange implements ClientExchange {
  #reader = new AnswerReader();
  #session: ClientHttp2Session;
  #stream: ClientHttp2Stream;

  constructor(port: number, { method, path, host, headers, endStream, mayHaveTrailers }: RequestHead) {
    const reader = this.#reader;
    this.#session = connect(`http://127.0.0.1:${port}`);
    this.#session.on("error", () => undefined);
    const pseudo = { ":method": method, ":scheme": "http", ":authority": host, ":path": path };
    this.#stream = this.#session.request(
      { ...pseudo, ...headerObject(headers) },
      { endStream, waitForTrailers: mayHaveTrailers },
    );
    this.#stream.on("response", (received, _flags, raw?: string[]) => {
      reader.answer.status = Number(received[":status"]);
      reader.answer.headers = pairs(raw ?? []);
      reader.gotHead();
    });
    this.#stream.on(
      "trailers",
      (_trailers, _flags, raw?: string[]) => (reader.answer.trailers = pairs(raw ?? [])),
    );
    this.#stream.on("data", (chunk: Buffer) => reader.gotData(chunk));
    this.#stream.on("error", () => undefined);
    this.#stream.on("end", () => (reader.answer.complete = reader.answer.status !== 0));
    this.#stream.on("close", () => {
      if (this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR) reader.answer.complete = false;
      reader.gotEnd();
      this.#session.close();
    });
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
    if (this.#stream.destroyed) return;
    await flushed(this.#stream, (done) => this.#stream.write(bytes(data), done));
  }

  async end({ data, trailers }: Ending = {}): Promise<void> {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    const list = headerList(trailers);
    this.#stream.once("wantTrailers", () => this.#stream.sendTrailers(headerObject(list)));
    await flushed(this.#stream, (done) => this.#stream.end(data ?? "", done));
  }

  next(): Promise<Buffer | null> {
    return this.#reader.next();
  }

  until(text: string): Promise<void> {
    return this.#reader.until(text);
  }

  abort(): void {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }
}
