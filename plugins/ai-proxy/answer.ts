// The provider's answer in the client's dialect (compat ai-proxy §2.4 to §2.6, §10, §11). One object per answer:
// nothing of a stream is kept anywhere else.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { AnswerWriter, ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { readOpenaiAnswer } from "as-proxy-wasm-sdk/llm/openai/answer-reader";
import { promoteThinking } from "as-proxy-wasm-sdk/llm/openai/promote";
import { EitherStage } from "./answer-beginning";
import { AnswerStage, openaiStage, PromotionStage } from "./answer-stage";
import { answerWriter, streamWriter } from "./client-dialect";
import { Upstream } from "./config";
import { Provider } from "./providers/provider";
import { Dialect, Request } from "./request";
import { UsageEstimate, UsageEstimateStage } from "./usage-estimate";

/** A streamed answer: what comes in passes all stages within the callback. */
export class StreamedAnswer {
  private stages: AnswerStage[] = [];

  constructor(request: Request, upstream: Upstream) {
    const provider = upstream.provider;
    const promotes = upstream.settings.promotesThinking;
    const out = new Buffer(512);
    // Reasoning is promoted in OpenAI's dialect, so both ends of that are translated when it is wanted.
    let isOpenAi = true;
    if (provider.hasOwnAnswers(request)) {
      isOpenAi = promotes || request.dialect == Dialect.OpenAi;
      const dialect = isOpenAi ? Dialect.OpenAi : request.dialect;
      const writer = streamWriter(dialect, out, request, provider.reasoningName);
      request.getsChunks = isOpenAi && provider.sendsChunks;
      writer.endsWithDone = !request.getsChunks;
      const events = estimating(writer, request);
      const stream = provider.newStream(out, events, request);
      const isEither = !provider.streamsObjects;
      this.stages.push(isEither ? new EitherStage(stream, events, provider, request) : stream);
    } else {
      const own = provider.newStage(new Buffer(512));
      if (own !== null) this.stages.push(own);
      if (request.asksUsage && !request.translates) {
        this.stages.push(new UsageEstimateStage(new Buffer(512), request.promptBytes));
      }
    }
    if (promotes) this.stages.push(new PromotionStage(new Buffer(512)));
    if (isOpenAi && request.dialect != Dialect.OpenAi) {
      const last = new Buffer(512);
      const writer = streamWriter(request.dialect, last, request, "");
      const events = estimating(writer, request);
      this.stages.push(new EitherStage(openaiStage(last, events), events, null, request));
    }
  }

  /** What the client gets for this piece, and when `end` for all that was held. */
  pass(chunk: Span, end: bool): Span {
    let bytes = chunk;
    for (let i = 0; i < this.stages.length; i++) {
      if (!bytes.isEmpty) this.stages[i].feed(bytes);
      if (end) this.stages[i].finish();
      bytes = this.stages[i].drain();
    }
    return bytes;
  }
}

/** The writer, told of usage where the provider tells nothing of it. */
function estimating(writer: AnswerWriter, request: Request): ChatEvents {
  return request.asksUsage && !request.getsChunks ? new UsageEstimate(writer, request.promptBytes) : writer;
}

/** A whole answer of another API than chat, in OpenAI's words; as it is when it is no such answer. */
export function convertedAnswer(request: Request, upstream: Upstream, received: Span): Span {
  const out = new Buffer(received.size);
  return upstream.provider.convertAnswer(received, request, out) ? out.span() : received;
}

/** A whole answer after a provider's own stage. */
function mended(stage: AnswerStage | null, received: Span): Span {
  if (stage === null) return received;
  stage.feed(received);
  stage.finish();
  return stage.drain();
}

/** True for an answer in OpenAI's dialect, and for an error in its place. */
function isOpenaiAnswer(body: Span): bool {
  const root = Json.checked(body);
  return root.get("choices").kind == JsonKind.Array || root.get("error").kind > JsonKind.Null;
}

/** A whole answer. */
export class WholeAnswer {
  body: Span = Span.empty();
  /** The provider said 200 and meant an error, which `body` has. */
  isError: bool = false;
  /** The body is a stream: the client asked for one, and the provider answered in one piece. */
  isStream: bool = false;
  /** Go's detail and text when the provider's body is no answer that can be read; else "". */
  failure: string = "";
  failureText: string = "";

  constructor(request: Request, upstream: Upstream, received: Span) {
    const provider = upstream.provider;
    const promotes = upstream.settings.promotesThinking;
    this.body = received;
    let isOpenAi = true;
    let source = received;
    if (provider.mendsAnswer) {
      this.body = mended(provider.newStage(new Buffer(received.size)), received);
      if (request.dialect == Dialect.OpenAi && !isOpenaiAnswer(this.body))
        this.fail("proc_resp_body_failed", "process response body");
    }
    if (provider.hasOwnAnswers(request)) {
      isOpenAi = promotes || request.dialect == Dialect.OpenAi;
      const out = new Buffer(received.size);
      const writer = answerWriter(isOpenAi ? Dialect.OpenAi : request.dialect, out, request);
      if (!provider.readAnswer(received, writer, request))
        this.fail("proc_resp_body_failed", "process response body");
      this.isError = writer.hasFailed;
      this.body = out.span();
    }
    if (promotes && !this.isError) this.body = promoteThinking(this.body);
    const isFromOpenAi = isOpenAi && request.dialect != Dialect.OpenAi;
    if (isFromOpenAi && this.failure.length == 0) {
      source = this.body;
      const out = new Buffer(received.size);
      const writer = answerWriter(request.dialect, out, request);
      if (!readOpenaiAnswer(this.body, writer)) {
        if (request.dialect == Dialect.Anthropic)
          this.fail("convert_resp_to_claude_failed", "convert response to claude format");
        else this.fail("proc_resp_body_failed", "process response body");
      }
      this.isError = writer.hasFailed;
      this.body = out.span();
    }
    const isWritten = isFromOpenAi || (provider.hasOwnAnswers(request) && !promotes);
    if (request.isStream && request.translates && isWritten && !provider.sendsChunks && !this.isError) {
      if (this.failure.length == 0) this.stream(request, provider, source, isFromOpenAi);
    }
  }

  /** Writes the answer once more, as the stream that the client waits for. */
  private stream(request: Request, provider: Provider, source: Span, isFromOpenAi: bool): void {
    const out = new Buffer(source.size * 2);
    const writer = estimating(streamWriter(request.dialect, out, request, provider.reasoningName), request);
    if (isFromOpenAi) readOpenaiAnswer(source, writer);
    else provider.readAnswer(source, writer, request);
    this.body = out.span();
    this.isStream = true;
  }

  private fail(detail: string, what: string): void {
    this.failure = detail;
    this.failureText = `failed to ${what}: the provider's body is no answer`;
  }
}
