// What a client gets instead of an answer.

import { AnyStream, Flow, HeaderList } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";

export class Reply {
  headers: HeaderList = new HeaderList();
  contentType: string = "";

  constructor(
    public status: i32,
    /** `%RESPONSE_CODE_DETAILS%`. */
    public details: string,
    public body: string,
  ) {}

  static text(status: i32, details: string, body: string): Reply {
    const reply = new Reply(status, details, body);
    reply.contentType = "text/plain";
    return reply;
  }

  send(stream: AnyStream): Flow {
    return stream.reply(this.status, this.contentType, Span.text(this.body), this.details, this.headers);
  }
}
