// Items of a response's `output` while they are written.

import { Buffer, Span, fnv1a64 } from "../../bytes";
import { JsonWriter } from "../../json";
import { CustomInput } from "../custom-tool";
import { NONE } from "../text";

export const enum PartType {
  Text = 0,
  Refusal = 1,
  /** Of reasoning; also stands for the arguments of a call. */
  Other = 2,
}

export class OutputPart {
  readonly text: Buffer = new Buffer();
  /** Elements of the lists `annotations` and `logprobs`, with commas between them. */
  readonly annotations: Buffer = new Buffer(0);
  annotationCount: i32 = 0;
  readonly logprobs: Buffer = new Buffer(0);

  constructor(
    readonly type: PartType,
    /** Characters of the answer's text before this part: citations count from the part's beginning here. */
    readonly offset: i64,
  ) {}

  write(json: JsonWriter): void {
    json.object().key("type");
    if (this.type == PartType.Refusal) {
      json.text("refusal").key("refusal");
    } else if (this.type == PartType.Text) {
      json.text("output_text").key("annotations").array();
      rawList(json, this.annotations);
      json.end().key("logprobs").array();
      rawList(json, this.logprobs);
      json.end().key("text");
    } else {
      json.text("summary_text").key("text");
    }
    json.escaped(this.text.span()).end();
  }
}

function rawList(json: JsonWriter, list: Buffer): void {
  if (!list.isEmpty) json.raw(list.span());
}

export const enum ItemType {
  Message = 0,
  Reasoning = 1,
  FunctionCall = 2,
  Image = 3,
  /** The call of a tool that takes free text. */
  CustomCall = 4,
}

const ID_PREFIXES: StaticArray<string> = ["msg_", "rs_", "fc_", "ig_", "ctc_"];

export class OutputItem {
  readonly id: Span;
  /** The members by which an event says what it is about. */
  readonly route: Span;
  /** Content of a message; reasoning, the arguments of a call and an image have one part at most. */
  readonly parts: OutputPart[] = [];
  /** `encrypted_content` of reasoning. */
  seal: Span = NONE;
  /** Number of the call among the answer's; -1 for other items. */
  call: i32 = -1;
  /** Of a custom call, what its arguments are taken apart with. */
  readonly input: CustomInput | null;
  callId: Span = NONE;
  name: Span = NONE;
  /** Format of an image: `png`. */
  format: Span = NONE;
  /** Nothing can be added any more. */
  isDone: bool = false;
  status: string = "in_progress";

  /** The id is made of the response's and the position in `output`, so that it is the same in every event. */
  constructor(
    readonly type: ItemType,
    readonly index: i32,
    responseId: Span,
  ) {
    const id = ID_PREFIXES[type] + fnv1a64(responseId).toString(16) + "_" + index.toString();
    this.id = Span.text(id);
    this.input = type == ItemType.CustomCall ? new CustomInput() : null;
    this.route = Span.text(`,"item_id":"${id}","output_index":${index}`);
  }

  /** The part that is being written, or null. */
  get lastPart(): OutputPart | null {
    const parts = this.parts;
    return parts.length > 0 ? parts[parts.length - 1] : null;
  }

  write(json: JsonWriter): void {
    json.object().key("id").escaped(this.id).key("type");
    switch (this.type) {
      case ItemType.Message:
        json.text("message").key("status").text(this.status).key("content").array();
        for (let i = 0; i < this.parts.length; i++) this.parts[i].write(json);
        json.end().key("role").text("assistant");
        break;
      case ItemType.Reasoning:
        json.text("reasoning").key("summary").array();
        for (let i = 0; i < this.parts.length; i++) this.parts[i].write(json);
        json.end();
        if (!this.seal.isEmpty) json.key("encrypted_content").escaped(this.seal);
        break;
      case ItemType.FunctionCall:
      case ItemType.CustomCall:
        json
          .text(this.input ? "custom_tool_call" : "function_call")
          .key("status")
          .text(this.status);
        json.key(this.input ? "input" : "arguments").escaped(this.text());
        json.key("call_id").escaped(this.callId).key("name").escaped(this.name);
        break;
      default:
        json.text("image_generation_call").key("status").text(this.status);
        json.key("output_format").escaped(this.format).key("result");
        if (this.parts.length > 0) json.escaped(this.text());
        else json.null_();
    }
    json.end();
  }

  private text(): Span {
    const part = this.lastPart;
    return part ? part.text.span() : NONE;
  }
}
