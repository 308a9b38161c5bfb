// An answer as a stream of response events: https://platform.openai.com/docs/api-reference/responses-streaming

import { Buffer, Span, writeInteger } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind, NO_MESSAGE, openaiErrorType } from "../error";
import { AnswerHead } from "../events";
import { NONE, writeQuoted } from "../text";
import { ItemType, OutputItem, OutputPart, PartType } from "./output";
import { OutputWriter } from "./output-writer";

const TEXT: string = "output_text";
const REFUSAL: string = "refusal";
const SUMMARY: string = "reasoning_summary_text";
const ARGUMENTS: string = "function_call_arguments";
const INPUT: string = "custom_tool_call_input";

// Said again and again, so turned into bytes once.
const TEXT_DELTA: Span = eventHead(TEXT + ".delta");
const CONTENT_INDEX: Span = Span.text(',"content_index":');
const DELTA: Span = Span.text(',"delta":"');
const DELTA_END: Span = Span.text('"}\n\n');
const TEXT_DELTA_END: Span = Span.text('","logprobs":[]}\n\n');

export class ResponsesStreamWriter extends OutputWriter {
  private sequence: i32 = 0;

  protected begun(): void {
    this.lifecycle("created", "in_progress", NONE);
    this.lifecycle("in_progress", "in_progress", NONE);
  }

  protected ended(status: string): void {
    this.lifecycle(status, status, NONE);
  }

  /** The event that OpenAI sends, whose fields clients look for at both places, and the response that it ends. */
  protected failed(kind: ErrorKind, message: Span): void {
    this.begin(new AnswerHead());
    const error = new Buffer();
    const text = message.isEmpty ? Span.text(NO_MESSAGE) : message;
    const type = openaiErrorType(kind);
    const json = new JsonWriter(error).object().key("type").text(type).key("code").text(type);
    json.key("message").escaped(text).key("param").null_().end();
    this.openNamed("error");
    this.out.text(',"code":"' + type + '","message":');
    writeQuoted(this.out, text);
    this.out.text(',"param":null,"error":');
    this.out.append(error.span());
    this.close();
    this.lifecycle("failed", "failed", error.span());
  }

  protected added(item: OutputItem): void {
    this.itemEvent("added", item);
    if (item.type == ItemType.Image) this.imageEvent("in_progress", item);
  }

  protected closed(item: OutputItem): void {
    if (item.type == ItemType.Image) this.imageEvent("completed", item);
    this.itemEvent("done", item);
  }

  protected partAdded(item: OutputItem, part: OutputPart): void {
    this.partEvent("added", item, part);
  }

  protected grown(item: OutputItem, part: OutputPart, escaped: Span): void {
    const out = this.out;
    const isText = part.type == PartType.Text;
    if (isText) {
      out.append(TEXT_DELTA);
      writeInteger(out, this.sequence++);
      this.route(item);
      out.append(CONTENT_INDEX);
      writeInteger(out, item.parts.length - 1);
    } else {
      this.openText("delta", item, part);
    }
    out.append(DELTA);
    out.append(escaped);
    out.append(isText ? TEXT_DELTA_END : DELTA_END);
  }

  protected annotated(item: OutputItem, part: OutputPart, annotation: Span): void {
    this.openText("annotation.added", item, part);
    this.out.text(',"annotation_index":' + part.annotationCount.toString() + ',"annotation":');
    this.out.append(annotation);
    this.close();
  }

  /** Probabilities come after their text, so they get an event of their own: clients add them up. */
  protected scored(item: OutputItem, part: OutputPart, list: Span): void {
    this.openText("delta", item, part);
    this.out.text(',"delta":"","logprobs":[');
    this.out.append(list);
    this.out.push(0x5d);
    this.close();
  }

  protected partClosed(item: OutputItem, part: OutputPart): void {
    if (item.type == ItemType.Image) return;
    const isCall = item.call >= 0;
    this.openText("done", item, part);
    const out = this.out;
    out.text(
      item.input
        ? ',"input":'
        : isCall
          ? ',"arguments":'
          : part.type == PartType.Refusal
            ? ',"refusal":'
            : ',"text":',
    );
    writeQuoted(out, part.text.span());
    if (part.type == PartType.Text) {
      out.text(',"logprobs":[');
      out.append(part.logprobs.span());
      out.push(0x5d);
    }
    this.close();
    if (!isCall) this.partEvent("done", item, part);
  }

  private lifecycle(event: string, status: string, error: Span): void {
    this.open(event);
    this.out.text(',"response":');
    this.writeResponse(status, error);
    this.close();
  }

  private itemEvent(event: string, item: OutputItem): void {
    this.open("output_item." + event);
    this.out.text(',"output_index":' + item.index.toString() + ',"item":');
    item.write(new JsonWriter(this.out));
    this.close();
  }

  private partEvent(event: string, item: OutputItem, part: OutputPart): void {
    const isMessage = item.type == ItemType.Message;
    this.open((isMessage ? "content_part." : "reasoning_summary_part.") + event);
    this.route(item);
    this.partIndex(item);
    this.out.text(',"part":');
    part.write(new JsonWriter(this.out));
    this.close();
  }

  private imageEvent(event: string, item: OutputItem): void {
    this.open("image_generation_call." + event);
    this.route(item);
    this.close();
  }

  /** Opens an event about the text of the item's last part. */
  private openText(event: string, item: OutputItem, part: OutputPart): void {
    const isMessage = item.type == ItemType.Message;
    let name = !isMessage ? SUMMARY : part.type == PartType.Text ? TEXT : REFUSAL;
    if (item.call >= 0) name = item.input ? INPUT : ARGUMENTS;
    this.open(name + "." + event);
    this.route(item);
    if (item.call < 0) this.partIndex(item);
  }

  private route(item: OutputItem): void {
    this.out.append(item.route);
  }

  private partIndex(item: OutputItem): void {
    this.out.text(item.type == ItemType.Message ? ',"content_index":' : ',"summary_index":');
    writeInteger(this.out, item.parts.length - 1);
  }

  private open(event: string): void {
    this.openNamed("response." + event);
  }

  private openNamed(type: string): void {
    writeEventHead(this.out, type);
    writeInteger(this.out, this.sequence++);
  }

  private close(): void {
    this.out.text("}\n\n");
  }
}

function eventHead(event: string): Span {
  const out = new Buffer();
  writeEventHead(out, "response." + event);
  return out.take();
}

function writeEventHead(out: Buffer, type: string): void {
  out.text("event: " + type + '\ndata: {"type":"' + type + '","sequence_number":');
}
