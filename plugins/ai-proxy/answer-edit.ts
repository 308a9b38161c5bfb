// What becomes of the answer that the route has brought (compat ai-proxy §2.4 to §2.6): its head when it comes, its
// body as it comes or when it is whole.

import { Body, Flow, Head, setSwitch } from "as-proxy-wasm-sdk/sdk";
import { beginsAsStream } from "./answer-beginning";
import { convertedAnswer, StreamedAnswer, WholeAnswer } from "./answer";
import { nameDropped, requestIdOf, writeAnswerHead, writeStreamType } from "./answer-head";
import { errorBody, translatedError } from "./client-dialect";
import { Upstream } from "./config";
import { lacksRoom, MAX_BODY_BYTES, NO_ROOM, TOO_LARGE } from "./limits";
import { ModelsRequest } from "./offered-models";
import { Request } from "./request";

enum Kind {
  Stream,
  Whole,
  /** A failed answer, told in the client's dialect. */
  Error,
  /** The host's own refusal of a body that grew beyond the limit, told in the client's dialect. */
  Refusal,
  Models,
  /** An answer of another API than chat. */
  Converted,
}

/** What tells a stream from a whole answer. */
const FIRST_BYTES: i32 = 256;

export class AnswerEdit {
  /** Go's detail and text when the provider's body is no answer that can be read; else "". */
  failure: string = "";
  failureText: string = "";
  private streamed: StreamedAnswer | null = null;
  /** The head of a stream waits, and this many bytes of the stream with it, which have been read. */
  private holdsHead: bool = false;
  private heldBytes: i32 = 0;

  private constructor(
    private kind: Kind,
    private request: Request,
    private upstream: Upstream,
    private models: ModelsRequest | null,
  ) {}

  /** Null for an answer that passes as it is. */
  static of(
    head: Head,
    request: Request,
    upstream: Upstream,
    models: ModelsRequest | null,
  ): AnswerEdit | null {
    const isError = head.status >= 400;
    if (!isError && head.status != 200) return null;
    nameDropped(head, request);
    const isForeign = upstream.translatesAnswer(request);
    const isStream = !isError && upstream.isStreamed(request, head.contentType);
    let kind = request.isConverted ? Kind.Converted : Kind.Whole;
    if (isError) {
      if (!isForeign) return null;
      kind = Kind.Error;
    } else if (models !== null) {
      kind = Kind.Models;
    } else {
      if (!upstream.editsAnswer(request, isStream)) return null;
      if (isStream) kind = Kind.Stream;
    }
    head.remove("content-length");
    if (isForeign) writeAnswerHead(head, request, upstream, isStream);
    return new AnswerEdit(kind, request, upstream, models);
  }

  /** The host's refusal of a body that is too large. */
  static ofRefusal(head: Head, request: Request, upstream: Upstream): AnswerEdit {
    head.remove("content-length");
    head.set("content-type", "application/json");
    return new AnswerEdit(Kind.Refusal, request, upstream, null);
  }

  /** What becomes of the head. */
  begin(): Flow {
    if (this.kind == Kind.Stream) {
      this.streamed = new StreamedAnswer(this.request, this.upstream);
      this.holdsHead = this.upstream.provider.tellsInHead;
      if (!this.holdsHead) return Flow.Next;
    }
    setSwitch("set_encoder_buffer_limit", MAX_BODY_BYTES.toString());
    return Flow.Hold;
  }

  /** What becomes of the body. After a failure the body is as it was. */
  advance(body: Body, end: bool, head: Head): Flow {
    if (this.kind == Kind.Whole && this.request.isStream && beginsAsStream(body.read(0, FIRST_BYTES))) {
      this.kind = Kind.Stream;
      this.streamed = new StreamedAnswer(this.request, this.upstream);
      this.holdsHead = this.upstream.provider.tellsInHead;
      writeStreamType(head, this.request);
    }
    const streamed = this.streamed;
    if (streamed !== null) return this.passOn(streamed, body, end, head);
    if (!end) return Flow.Hold;
    const request = this.request;
    const models = this.models;
    if (this.kind != Kind.Refusal && lacksRoom(body.announcedSize)) {
      this.failure = "proc_resp_body_failed";
      this.failureText = `failed to process response body: ${NO_ROOM}`;
    } else if (this.kind == Kind.Refusal) {
      body.replace(errorBody(request.dialect, 413, TOO_LARGE));
    } else if (this.kind == Kind.Error) {
      const id = requestIdOf(head, request.dialect);
      body.replace(translatedError(request.dialect, head.status, body.all(), id));
    } else if (this.kind == Kind.Converted) {
      body.replace(convertedAnswer(request, this.upstream, body.all()));
    } else if (models !== null) {
      body.replace(models.merged(body.all()));
    } else {
      this.translate(body, head);
    }
    return Flow.Next;
  }

  private translate(body: Body, head: Head): void {
    const answer = new WholeAnswer(this.request, this.upstream, body.all());
    this.failure = answer.failure;
    this.failureText = answer.failureText;
    if (answer.failure.length > 0) return;
    if (answer.isError) head.set(":status", "500");
    if (answer.isStream) writeStreamType(head, this.request);
    this.upstream.provider.tellInHead(head, this.request);
    body.replace(answer.body);
  }

  /** The next piece of a stream. Its head may wait until there is something for the client. */
  private passOn(streamed: StreamedAnswer, body: Body, end: bool, head: Head): Flow {
    const received = body.all();
    const out = streamed.pass(received.slice(this.heldBytes), end);
    if (this.holdsHead) {
      this.heldBytes = received.size;
      if (out.isEmpty && !end) return Flow.Hold;
      this.upstream.provider.tellInHead(head, this.request);
      this.holdsHead = false;
      this.heldBytes = 0;
    }
    body.replace(out);
    return Flow.Next;
  }
}
