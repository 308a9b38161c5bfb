// A client that asks for usage at the end of a stream gets it: where the provider sends none, an estimate that is
// marked as one.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { ChatPart, ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { ErrorKind } from "as-proxy-wasm-sdk/llm/error";
import { readOpenaiUsage, writeOpenaiUsage } from "as-proxy-wasm-sdk/llm/openai/usage";
import { RelayEvents } from "as-proxy-wasm-sdk/llm/relay";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";
import { EventStage } from "./answer-stage";

/** English has about four bytes to a token, Chinese (three bytes a character) about as many. */
const BYTES_PER_TOKEN = 4;

function estimated(promptBytes: i64, answerBytes: i64): Usage {
  const usage = new Usage();
  usage.input = (promptBytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
  usage.output = (answerBytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
  usage.isEstimated = true;
  return usage;
}

/** Bytes of the texts, calls and results that the model is given. */
export function promptBytes(chat: ChatRequest): i64 {
  let bytes: i64 = 0;
  for (let i = 0; i < chat.messages.length; i++) {
    const parts = chat.messages[i].parts;
    for (let j = 0; j < parts.length; j++) {
      bytes += partBytes(parts[j]);
      for (let k = 0; k < parts[j].parts.length; k++) bytes += partBytes(parts[j].parts[k]);
    }
  }
  for (let i = 0; i < chat.tools.length; i++) {
    bytes += chat.tools[i].description.size + chat.tools[i].parameters.size;
  }
  return bytes;
}

function partBytes(part: ChatPart): i64 {
  return part.text.size + part.json.size;
}

/** Adds the estimate to a stream that is translated. */
export class UsageEstimate extends RelayEvents {
  private bytes: i64 = 0;
  private isSettled: bool = false;

  constructor(
    next: ChatEvents,
    private prompt: i64,
  ) {
    super(next);
  }

  text(choice: i32, escaped: Span): void {
    this.bytes += escaped.size;
    this.next.text(choice, escaped);
  }

  reasoning(choice: i32, escaped: Span): void {
    this.bytes += escaped.size;
    this.next.reasoning(choice, escaped);
  }

  toolArguments(choice: i32, index: i32, escaped: Span): void {
    this.bytes += escaped.size;
    this.next.toolArguments(choice, index, escaped);
  }

  toolInput(choice: i32, index: i32, json: Span): void {
    this.bytes += json.size;
    this.next.toolInput(choice, index, json);
  }

  usage(usage: Usage): void {
    this.isSettled = true;
    this.next.usage(usage);
  }

  error(kind: ErrorKind, message: Span): void {
    this.isSettled = true;
    this.next.error(kind, message);
  }

  end(): void {
    if (!this.isSettled) this.next.usage(estimated(this.prompt, this.bytes));
    this.next.end();
  }
}

/** Adds the estimate to a stream that stays in OpenAI's dialect. All other bytes pass as they are. */
export class UsageEstimateStage extends EventStage {
  private bytes: i64 = 0;
  private isSettled: bool = false;
  /** What Groq says in a place of its own. */
  private told: Usage | null = null;
  /** `"id":…,"model":…,` of the stream's chunks. */
  private names: Buffer = new Buffer();

  constructor(
    out: Buffer,
    private prompt: i64,
  ) {
    super(out);
  }

  finish(): void {
    super.finish();
    this.settle();
  }

  /** The usage goes in front of the event that ends the stream, which passes like all others. */
  protected rewrite(data: Span): bool {
    this.readEvent(data);
    return false;
  }

  private readEvent(data: Span): void {
    if (this.isSettled) return;
    if (data.startsWithAscii("[DONE]")) return this.settle();
    const chunk = Json.read(data);
    if (chunk.get("usage").kind == JsonKind.Object || chunk.get("error").kind > JsonKind.Null) {
      this.isSettled = true;
      return;
    }
    if (this.names.isEmpty) this.keepNames(chunk);
    const told = readOpenaiUsage(chunk.path("x_groq.usage"));
    if (told) this.told = told;
    const delta = chunk.path("choices.0.delta");
    this.bytes += sizeOf(delta.get("content")) + sizeOf(delta.get("reasoning_content"));
    this.bytes += sizeOf(delta.path("tool_calls.0.function.arguments"));
  }

  private keepNames(chunk: Json): void {
    const members: StaticArray<string> = ["id", "created", "model"];
    for (let i = 0; i < members.length; i++) {
      const value = chunk.get(members[i]);
      if (value.kind > JsonKind.Null) {
        this.names.text(`"${members[i]}":`);
        this.names.append(value.raw());
        this.names.push(0x2c);
      }
    }
  }

  /** Only what has begun as an answer is given usage. */
  private settle(): void {
    if (this.isSettled || this.names.isEmpty) return;
    this.isSettled = true;
    const out = this.out;
    out.text("data: {");
    out.append(this.names.span());
    out.text('"object":"chat.completion.chunk","choices":[],"usage":');
    const told = this.told;
    writeOpenaiUsage(out, told ? told : estimated(this.prompt, this.bytes));
    out.text("}\n\n");
  }
}

function sizeOf(value: Json): i64 {
  return value.kind == JsonKind.String ? value.escaped().size : 0;
}
