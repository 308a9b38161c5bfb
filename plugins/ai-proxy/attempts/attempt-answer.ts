// What a client gets of an attempt that succeeded: the same as if the answer had come by the route.

import { DraftHead, isReadableBody } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { convertedAnswer, StreamedAnswer, WholeAnswer } from "../answer";
import { writeAnswerHead } from "../answer-head";
import { Upstream } from "../config";
import { Request } from "../request";
import { Attempt } from "./attempt";

export class AttemptAnswer {
  status: i32;
  head: DraftHead;
  body: Span;
  /** The status said success and the body says otherwise: nothing for the client. */
  isFailure: bool = false;

  constructor(attempt: Attempt, request: Request, upstream: Upstream) {
    this.status = attempt.status;
    this.head = attempt.head;
    this.body = attempt.body;
    if (attempt.status == 200 && isReadableBody(attempt.head)) this.convert(request, upstream);
  }

  private convert(request: Request, upstream: Upstream): void {
    const head = this.head;
    const isStream = upstream.isStreamed(request, head.contentType);
    if (!upstream.editsAnswer(request, isStream)) return;
    if (upstream.translatesAnswer(request)) writeAnswerHead(head, request, upstream, isStream);
    if (isStream) {
      this.body = new StreamedAnswer(request, upstream).pass(this.body, true);
    } else if (request.isConverted) {
      this.body = convertedAnswer(request, upstream, this.body);
    } else {
      const answer = new WholeAnswer(request, upstream, this.body);
      this.isFailure = answer.isError || answer.failure.length > 0;
      this.body = answer.body;
    }
    upstream.provider.tellInHead(head, request);
  }
}
