// Every byte in every place of a header that a plugin can write.

import {
  AnyStream,
  Flow,
  Head,
  HeaderList,
  HttpCall,
  HttpReply,
  HttpRequest,
  log,
  send,
} from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";

/** `a`, the byte, `b`. */
function valueWith(byte: i32): Span {
  const bytes = new Uint8Array(3);
  bytes[0] = 0x61;
  bytes[1] = <u8>byte;
  bytes[2] = 0x62;
  return Span.of(bytes.buffer);
}

function nameWith(byte: i32): string {
  return `n${String.fromCharCode(byte)}m`;
}

function digit(flag: bool): string {
  return flag ? "1" : "0";
}

/** Reports as 256 digits what was admitted. */
export function guardHead(head: Head): void {
  let set = "";
  let added = "";
  let setName = "";
  let addedName = "";
  for (let byte = 0; byte < 256; byte++) {
    set += digit(head.setBytes(`set-${byte}`, valueWith(byte)));
    added += digit(head.addBytes(`add-${byte}`, valueWith(byte)));
    setName += digit(head.set(nameWith(byte), "set"));
    addedName += digit(head.add(nameWith(byte), "add"));
  }
  log.info(`set ${set}`);
  log.info(`add ${added}`);
  log.info(`setName ${setName}`);
  log.info(`addName ${addedName}`);
}

function list(): HeaderList {
  const headers = new HeaderList();
  for (let byte = 0; byte < 256; byte++) {
    headers.addBytes(`value-${byte}`, valueWith(byte));
    headers.add(nameWith(byte), "name");
  }
  return headers;
}

export function guardReply(stream: AnyStream): Flow {
  return stream.reply(200, "text/plain\r\nx-injected: 1", Span.text("body"), "probe.guard", list());
}

class NoReply extends HttpCall {
  onReply(reply: HttpReply): void {}
}

export function guardCall(cluster: string): void {
  const request = new HttpRequest(cluster, "GET", "probe.test", "/");
  request.headers = list();
  log.info(`sent ${send(request, new NoReply())}`);
  const injected = new HttpRequest(cluster, "GET\r\nx: y", "probe.test\r\nx: y", "/\r\nx: y");
  log.info(`injected ${send(injected, new NoReply())}`);
}

/** The same list twice, a status outside of HTTP, a second reply. */
export function replySpecial(stream: AnyStream): Flow {
  const headers = new HeaderList().add("x-shared", "1");
  stream.reply(99999, "text/plain", Span.text("first"), "probe.first", headers);
  const size = headers.serialize().size;
  stream.reply(200, "text/plain", Span.text("second"), "probe.second", headers);
  log.info(`list untouched ${headers.serialize().size == size && size == 23}`);
  return Flow.Answered;
}
