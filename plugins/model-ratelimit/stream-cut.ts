// Ends an event stream before its end, in the client's words: the answer has become as long as it may be. The stream is
// cut between two events; its own events tell the dialect and what its last one must repeat.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import { writeEvent } from "as-proxy-wasm-sdk/sse";

/** Of a value of an event that is kept. */
const MOST_BYTES: i32 = 64 << 10;
const MOST_CHOICES: i32 = 32;

const enum Dialect {
  Unknown,
  Chat,
  Messages,
  Responses,
  Gemini,
}

export class StreamCut {
  /** What follows is not for the client. */
  isCut: bool = false;

  private dialect: Dialect = Dialect.Unknown;
  /** JSON of the first event that has them: id and model; of Responses the response. */
  private id: Span = Span.empty();
  private model: Span = Span.empty();
  private created: Span = Span.empty();
  private response: Span = Span.empty();
  /** Chat: which choices have begun, and which have ended. */
  private begun: u32 = 0;
  private ended: u32 = 0;
  /** Messages: the open block, or -1. */
  private block: i64 = -1;
  private sequence: i64 = -1;
  private isComplete: bool = false;
  /** Of the bytes so far: the line is empty, the last was a CR. */
  private isLineEmpty: bool = false;
  private isAfterCr: bool = false;

  /** Takes note of an event. */
  observe(data: Span): void {
    const event = Json.read(data);
    const type = event.get("type").bytes();
    if (type.startsWithAscii("response.")) this.observeResponse(event, type);
    else if (!type.isEmpty) this.observeMessage(event, type);
    else if (event.get("choices").exists) this.observeChat(event);
    else if (event.get("candidates").exists) this.observeGemini(event);
  }

  private observeChat(event: Json): void {
    this.dialect = Dialect.Chat;
    this.keep(event.get("id"), event.get("model"));
    if (this.created.isEmpty) this.created = kept(event.get("created"));
    const choices = event.get("choices").items();
    while (choices.next()) {
      const choice = choices.value;
      const bit = (<u32>1) << (<u32>min(max(choice.get("index").integer(0), 0), MOST_CHOICES - 1));
      this.begun |= bit;
      if (!choice.get("finish_reason").bytes().isEmpty) this.ended |= bit;
    }
    this.isComplete = this.begun == this.ended && this.begun != 0;
  }

  private observeMessage(event: Json, type: Span): void {
    if (type.equalsAscii("message_start")) this.dialect = Dialect.Messages;
    else if (type.equalsAscii("content_block_start")) this.block = event.get("index").integer(0);
    else if (type.equalsAscii("content_block_stop")) this.block = -1;
    else if (type.equalsAscii("message_delta") || type.equalsAscii("message_stop")) this.isComplete = true;
  }

  private observeResponse(event: Json, type: Span): void {
    this.dialect = Dialect.Responses;
    this.sequence = max(this.sequence, event.get("sequence_number").integer(-1));
    if (this.response.isEmpty) this.response = kept(event.get("response"));
    if (type.equalsAscii("response.completed") || type.equalsAscii("response.incomplete"))
      this.isComplete = true;
    if (type.equalsAscii("response.failed")) this.isComplete = true;
  }

  private observeGemini(event: Json): void {
    this.dialect = Dialect.Gemini;
    this.keep(event.get("responseId"), event.get("modelVersion"));
    if (!event.get("candidates").at(0).get("finishReason").bytes().isEmpty) this.isComplete = true;
  }

  private keep(id: Json, model: Json): void {
    if (this.id.isEmpty) this.id = kept(id);
    if (this.model.isEmpty) this.model = kept(model);
  }

  /** Offset in the next bytes of the stream behind the last event that ends there, or -1. */
  endOfEvents(chunk: Span): i32 {
    let end = -1;
    for (let i = 0; i < chunk.size; i++) {
      const byte = chunk.at(i);
      if (byte == 0x0a && this.isAfterCr) {
        if (end == i) end++;
      } else if (byte == 0x0a || byte == 0x0d) {
        if (this.isLineEmpty) end = i + 1;
        this.isLineEmpty = true;
      } else this.isLineEmpty = false;
      this.isAfterCr = byte == 0x0d;
    }
    return end;
  }

  /**
   * What the client gets instead of `chunk`, whose last event ends at `end`, with the stream's end; null: not yet, the
   * chunk passes as it is. Tokens are those so far.
   */
  cut(chunk: Span, end: i32, input: i64, output: i64): Span | null {
    if (end < 0 || this.isComplete || this.dialect == Dialect.Unknown) return null;
    const out = new Buffer(chunk.size + 1024);
    out.append(chunk.slice(0, end));
    this.isCut = true;
    switch (this.dialect) {
      case Dialect.Chat:
        this.endChat(out, input, output);
        break;
      case Dialect.Messages:
        this.endMessage(out, output);
        break;
      case Dialect.Responses:
        this.endResponse(out, input, output);
        break;
      default:
        this.endGemini(out, input, output);
    }
    return out.take();
  }

  private endChat(out: Buffer, input: i64, output: i64): void {
    const text = new Buffer(512);
    const json = new JsonWriter(text).object();
    member(json, "id", this.id);
    json.key("object").text("chat.completion.chunk");
    member(json, "created", this.created);
    member(json, "model", this.model);
    json.key("choices").array();
    for (let i = 0; i < MOST_CHOICES; i++) {
      const bit = (<u32>1) << (<u32>i);
      if ((this.begun & bit) == 0 || (this.ended & bit) != 0) continue;
      json
        .object()
        .key("index")
        .integer(i)
        .key("delta")
        .object()
        .end()
        .key("finish_reason")
        .text("length")
        .end();
    }
    json.end();
    writeUsage(json, "prompt_tokens", input, "completion_tokens", output);
    json.end();
    writeEvent(out, "", text.span());
    writeEvent(out, "", Span.text("[DONE]"));
  }

  private endMessage(out: Buffer, output: i64): void {
    if (this.block >= 0) {
      const stop = `{"type":"content_block_stop","index":${this.block}}`;
      writeEvent(out, "content_block_stop", Span.text(stop));
    }
    const delta = '{"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null}';
    writeEvent(out, "message_delta", Span.text(`${delta},"usage":{"output_tokens":${output}}}`));
    writeEvent(out, "message_stop", Span.text('{"type":"message_stop"}'));
  }

  private endResponse(out: Buffer, input: i64, output: i64): void {
    const text = new Buffer(this.response.size + 512);
    const json = new JsonWriter(text).object().key("type").text("response.incomplete");
    json
      .key("sequence_number")
      .integer(this.sequence + 1)
      .key("response")
      .object();
    const members = Json.read(this.response).members();
    while (members.next()) {
      const name = members.key;
      if (name == "status" || name == "incomplete_details" || name == "usage") continue;
      json.key(name).raw(members.value.raw());
    }
    json.key("status").text("incomplete");
    json.key("incomplete_details").object().key("reason").text("max_output_tokens").end();
    writeUsage(json, "input_tokens", input, "output_tokens", output);
    json.end().end();
    writeEvent(out, "response.incomplete", text.span());
  }

  private endGemini(out: Buffer, input: i64, output: i64): void {
    const text = new Buffer(512);
    const json = new JsonWriter(text).object().key("candidates").array().object();
    json.key("content").object().key("parts").array().object().key("text").text("").end().end();
    json.key("role").text("model").end();
    json.key("finishReason").text("MAX_TOKENS").key("index").integer(0).end().end();
    json.key("usageMetadata").object().key("promptTokenCount").integer(input);
    json
      .key("candidatesTokenCount")
      .integer(output)
      .key("totalTokenCount")
      .integer(input + output)
      .end();
    member(json, "modelVersion", this.model);
    member(json, "responseId", this.id);
    json.end();
    writeEvent(out, "", text.span());
  }
}

function kept(value: Json): Span {
  const raw = value.raw();
  return raw.size <= MOST_BYTES ? raw.copy() : Span.empty();
}

function member(json: JsonWriter, name: string, value: Span): void {
  if (!value.isEmpty) json.key(name).raw(value);
}

function writeUsage(json: JsonWriter, inputName: string, input: i64, outputName: string, output: i64): void {
  json.key("usage").object().key(inputName).integer(input).key(outputName).integer(output);
  json
    .key("total_tokens")
    .integer(input + output)
    .end();
}
