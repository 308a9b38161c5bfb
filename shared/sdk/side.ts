// One direction of an exchange: what the plugin's answers mean to the host, and what the plugin must still hear.
//
// While the plugin waits, the host may bring more of the body, or the trailers. They are held back unheard; the
// plugin hears them when it resumes, before anything of them leaves. So nothing passes a plugin unseen, no
// callback comes during a wait, and `end` comes exactly once.

import { continueStream } from "../abi/host";
import { BodyAction, BufferKind, Direction, HeadersAction, MapKind, TrailersAction } from "../abi/codes";
import { Body, closeWindow } from "./body";
import { Head } from "./head";
import { AnyStream, Flow } from "./stream";

const requestTrailers = new Head(MapKind.RequestTrailers);
const responseTrailers = new Head(MapKind.ResponseTrailers);

export class Side {
  /** The headers have come. */
  began: bool = false;
  /** A local reply takes this message's place. */
  private abandoned: bool = false;
  /** The plugin heard that the message is complete. */
  private ended: bool = false;
  /** The plugin heard everything, trailers included; what the host still brings is only on its way out. */
  private finished: bool = false;
  /** The host keeps the message until it is told to go on. */
  private stopped: bool = false;
  /** The head was stopped together with all that follows it. */
  private headWaited: bool = false;
  /** The host keeps body that the plugin has heard. */
  private keepsBody: bool = false;
  /** The plugin asked for silence until it resumes. */
  private waits: bool = false;
  private inCallback: bool = false;
  private resumedInside: bool = false;
  private bodyUnheard: bool = false;
  private endUnheard: bool = false;
  private trailersUnheard: bool = false;

  constructor(private direction: Direction) {}

  head(stream: AnyStream, end: bool): i32 {
    this.began = true;
    this.ended = end;
    this.inCallback = true;
    const answer =
      this.direction == Direction.Request
        ? stream.onRequestHead(stream.requestHead, end)
        : stream.onResponseHead(stream.responseHead, end);
    const flow = this.settle(answer == Flow.Drop ? Flow.Next : answer, end);
    if (flow == Flow.Next) return HeadersAction.Continue;
    if (flow == Flow.Hold) return HeadersAction.StopIteration;
    this.headWaited = true;
    return HeadersAction.StopAllIterationAndWatermark;
  }

  body(stream: AnyStream, size: i32, end: bool): i32 {
    if (this.waits) {
      this.bodyUnheard = true;
      if (end) this.endUnheard = true;
      return BodyAction.StopIterationAndBuffer;
    }
    if (this.abandoned) return BodyAction.StopIterationNoBuffer;
    if (this.finished || !this.wantsBody(stream)) {
      this.stopped = false;
      return BodyAction.Continue;
    }
    const flow = this.hearBody(stream, size, end);
    this.keepsBody = flow == Flow.Hold || flow == Flow.Wait;
    if (flow == Flow.Next) return BodyAction.Continue;
    return this.keepsBody ? BodyAction.StopIterationAndBuffer : BodyAction.StopIterationNoBuffer;
  }

  /** No body callback has said that the body is over: trailers say it (compat "Buffers and body semantics"). */
  trailers(stream: AnyStream): i32 {
    if (this.abandoned) return TrailersAction.StopIteration;
    if (this.finished) return TrailersAction.Continue;
    this.trailersUnheard = true;
    if (this.waits || !this.hearTrailers(stream)) return TrailersAction.StopIteration;
    this.stopped = false;
    if (!this.headWaited || !this.keepsBody) return TrailersAction.Continue;
    // Trailers that arrived during the wait come while Envoy resumes. Continue would make it resume once more, and
    // take the kept body for one that this filter has ended: it would be lost (measured, 1.40). Told to go on, it
    // brings body and trailers once more, and they pass.
    continueStream(this.direction);
    return TrailersAction.StopIteration;
  }

  /** The plugin's wait is over; the message goes on once the plugin has heard what came meanwhile. */
  resume(stream: AnyStream): void {
    if (this.inCallback) {
      this.resumedInside = true;
      return;
    }
    if (!this.stopped || this.abandoned || stream.isGone) return;
    this.waits = false;
    if (this.bodyUnheard) {
      this.bodyUnheard = false;
      const end = this.endUnheard || this.trailersUnheard;
      if (this.wantsBody(stream) && this.hearBody(stream, 0, end) != Flow.Next) return;
    }
    if (this.trailersUnheard && !this.hearTrailers(stream)) return;
    this.stopped = false;
    continueStream(this.direction);
  }

  abandon(): void {
    this.abandoned = true;
  }

  private wantsBody(stream: AnyStream): bool {
    return this.direction == Direction.Request ? stream.wantsRequestBody : stream.wantsResponseBody;
  }

  private hearBody(stream: AnyStream, size: i32, end: bool): Flow {
    if (end) this.ended = true;
    this.inCallback = true;
    let answer: Flow;
    if (this.direction == Direction.Request) {
      const body = new Body(BufferKind.RequestBody, size);
      answer = stream.onRequestBody(body, end);
      if (answer == Flow.Drop) body.clear();
    } else {
      const body = new Body(BufferKind.ResponseBody, size);
      answer = stream.onResponseBody(body, end);
      if (answer == Flow.Drop) body.clear();
    }
    closeWindow();
    return this.settle(answer, end);
  }

  /** True when the message may end. */
  private hearTrailers(stream: AnyStream): bool {
    if (!this.ended && this.wantsBody(stream) && this.hearBody(stream, 0, true) != Flow.Next) return false;
    this.ended = true;
    this.trailersUnheard = false;
    this.inCallback = true;
    const answer =
      this.direction == Direction.Request
        ? stream.onRequestTrailers(requestTrailers)
        : stream.onResponseTrailers(responseTrailers);
    this.finished = this.settle(answer, true) == Flow.Next;
    return this.finished;
  }

  /** What the answer comes to. Nothing follows the end that would release what is held, so holding means going on. */
  private settle(answer: Flow, end: bool): Flow {
    let flow = answer;
    if (end && (flow == Flow.Hold || flow == Flow.Drop)) flow = Flow.Next;
    if (flow == Flow.Wait && this.resumedInside) flow = Flow.Next;
    this.inCallback = false;
    this.resumedInside = false;
    this.waits = flow == Flow.Wait;
    this.stopped = flow != Flow.Next;
    return flow;
  }
}
