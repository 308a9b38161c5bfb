// The head of an answer whose body changes its dialect.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { Upstream } from "./config";
import { Dialect, Request } from "./request";

/** Names, separated by commas, of what the client asked for and the provider's dialect has no place for. */
const DROPPED: string = "x-ai-proxy-dropped";

export function writeAnswerHead(head: Head, request: Request, upstream: Upstream, isStream: bool): void {
  upstream.provider.editAnswerHead(head, request);
  nameRequest(head, request.dialect);
  if (isStream) writeStreamType(head, request);
  else head.set("content-type", "application/json");
}

export function writeStreamType(head: Head, request: Request): void {
  if (request.wantsArray) head.set("content-type", "application/json");
  else if (!head.contentType.startsWith("text/event-stream")) {
    head.set("content-type", "text/event-stream; charset=utf-8");
  }
}

/** Says what of the request did not reach the provider, whoever wrote the answer. */
export function nameDropped(head: Head, request: Request): void {
  if (!request.dropped.isEmpty) head.set(DROPPED, request.dropped.names.join(","));
}

/** What the answer calls the request; "" when it does not. */
export function requestIdOf(head: Head, dialect: Dialect): string {
  return head.get(idHeader(dialect));
}

/** Where the client's SDK looks for it. */
function idHeader(dialect: Dialect): string {
  return dialect == Dialect.Anthropic ? "request-id" : "x-request-id";
}

function nameRequest(head: Head, dialect: Dialect): void {
  const name = idHeader(dialect);
  if (head.has(name)) return;
  const other = head.bytes(dialect == Dialect.Anthropic ? "x-request-id" : "request-id");
  if (other !== null) head.setBytes(name, other);
}
