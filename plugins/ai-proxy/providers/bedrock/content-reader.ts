// What whole answers of Converse and its streams have in common.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { readAnthropicFinish } from "as-proxy-wasm-sdk/llm/anthropic/finish";
import { ErrorKind } from "as-proxy-wasm-sdk/llm/error";
import { AnswerHead, ChatEvents, Citation, Finish, MAX_TOOL_CALLS } from "as-proxy-wasm-sdk/llm/events";
import { indexOfName } from "as-proxy-wasm-sdk/llm/names";
import { NONE, textOf } from "as-proxy-wasm-sdk/llm/text";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";

/** Exceptions whose status is not the provider's failure, in the words of streams. */
const EXCEPTIONS: StaticArray<string> = [
  "throttlingException",
  "validationException",
  "serviceUnavailableException",
  "modelTimeoutException",
  "accessDeniedException",
];
const EXCEPTION_KINDS: StaticArray<ErrorKind> = [
  ErrorKind.RateLimit,
  ErrorKind.InvalidRequest,
  ErrorKind.Overloaded,
  ErrorKind.Timeout,
  ErrorKind.Permission,
];

export function exceptionKind(name: Span): ErrorKind {
  const known = indexOfName(EXCEPTIONS, name);
  return known < 0 ? ErrorKind.Api : EXCEPTION_KINDS[known];
}

export class ContentReader {
  isBegun: bool = false;
  /** The reason to stop was handed on. */
  isFinished: bool = false;
  hasUsage: bool = false;

  private toolCalls: i32 = 0;

  /**
   * `id`: that of the request, escaped. `joinsCacheCounts`: tokens read from the cache and written to it are one
   * count, as OpenAI's dialect had them from Go.
   */
  constructor(
    readonly events: ChatEvents,
    private readonly id: Span,
    private readonly joinsCacheCounts: bool,
  ) {}

  begin(): void {
    if (this.isBegun) return;
    this.isBegun = true;
    const head = new AnswerHead();
    head.id = this.id;
    this.events.begin(head);
  }

  text(text: Span): void {
    if (!text.isEmpty) this.events.text(0, text);
  }

  /** A block's `reasoningContent`, or the delta of one, which has the same members a level higher. */
  readReasoning(value: Json): void {
    const text = textOf(value.get("text"));
    const signature = textOf(value.get("signature"));
    const redacted = textOf(value.get("redactedContent"));
    if (!text.isEmpty) this.events.reasoning(0, text);
    if (!signature.isEmpty) this.events.signature(0, signature);
    if (!redacted.isEmpty) this.events.redactedReasoning(0, redacted);
  }

  /** Begins a call and answers its number; -1 where there is none that the client has to carry out. */
  beginToolUse(toolUse: Json): i32 {
    if (toolUse.kind != JsonKind.Object) return -1;
    if (textOf(toolUse.get("type")).equalsAscii("server_tool_use") || this.toolCalls == MAX_TOOL_CALLS) {
      this.events.dropped.add("content.toolUse");
      return -1;
    }
    const index = this.toolCalls++;
    this.events.toolCall(0, index, textOf(toolUse.get("toolUseId")), textOf(toolUse.get("name")));
    return index;
  }

  /** All arguments at once; `{}` where there are none. */
  toolInput(index: i32, input: Json): void {
    this.events.toolInput(0, index, input.kind == JsonKind.Object ? input.raw() : Span.text("{}"));
  }

  /** An image, or the delta of one: its bytes come in one piece. */
  readImage(value: Json, format: Span): void {
    const data = textOf(value.path("source.bytes"));
    if (!data.isEmpty) this.events.image(0, mediaTypeOf(format), data);
  }

  readCitation(value: Json): void {
    const citation = new Citation();
    citation.title = textOf(value.get("title"));
    citation.url = textOf(value.path("location.web.url"));
    citation.quote = textOf(value.path("sourceContent.0.text"));
    // Of documents that the client sent.
    if (citation.url.isEmpty) this.events.dropped.add("content.citations");
    else this.events.citation(0, citation);
  }

  readStop(value: Json): void {
    const word = textOf(value.get("stopReason"));
    if (this.isFinished || word.isEmpty) return;
    this.isFinished = true;
    let reason = readAnthropicFinish(word);
    if (word.equalsAscii("guardrail_intervened") || word.equalsAscii("content_filtered")) {
      reason = Finish.Filter;
    }
    const fields = value.get("additionalModelResponseFields");
    let detail = textOf(fields.get("stop_sequence"));
    if (detail.isEmpty) detail = textOf(fields.path("delta.stop_sequence"));
    this.events.finish(0, reason, word, detail);
  }

  /**
   * Bedrock counts cached tokens beside `inputTokens`; where the total says that they are part of it, they are
   * taken out.
   */
  readUsage(value: Json): void {
    if (value.kind != JsonKind.Object) return;
    this.hasUsage = true;
    const usage = new Usage();
    usage.input = count(value, "inputTokens");
    usage.output = count(value, "outputTokens");
    usage.cacheRead = count(value, "cacheReadInputTokens");
    usage.cacheWrite = count(value, "cacheWriteInputTokens");
    const cached = usage.cacheRead + usage.cacheWrite;
    if (cached <= usage.input && count(value, "totalTokens") == usage.input + usage.output) {
      usage.input -= cached;
    }
    if (this.joinsCacheCounts) {
      usage.cacheRead = cached;
      usage.cacheWrite = 0;
    }
    this.events.usage(usage);
  }

  fail(kind: ErrorKind, message: Span): void {
    this.events.error(kind, message);
  }
}

function count(value: Json, name: string): i64 {
  return min(max(value.get(name).integer(0), 0), <i64>u32.MAX_VALUE);
}

/** Media type of a picture's format: `png` gives `image/png`. */
function mediaTypeOf(format: Span): Span {
  return format.isEmpty ? NONE : Span.text("image/" + format.toString());
}
