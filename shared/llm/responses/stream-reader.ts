// A stream of response events: https://platform.openai.com/docs/api-reference/responses-streaming

import { Span, trimAscii } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ErrorBody } from "../error";
import { ChatEvents } from "../events";
import { indexOfName } from "../names";
import { StreamReader } from "../stream-reader";
import { textOf } from "../text";
import { KnownItem, ResponseReader, TextKind } from "./response-reader";

const PREFIX: string = "response.";

const enum Event {
  Created,
  InProgress,
  Queued,
  ItemAdded,
  ItemDone,
  PartAdded,
  PartDone,
  SummaryPartAdded,
  SummaryPartDone,
  TextDelta,
  RefusalDelta,
  ReasoningDelta,
  SummaryDelta,
  TextDone,
  RefusalDone,
  ReasoningDone,
  SummaryDone,
  ArgumentsDelta,
  ArgumentsDone,
  InputDelta,
  InputDone,
  Annotation,
  Completed,
  Incomplete,
  Failed,
  Cancelled,
}

/** What follows `response.`; the deltas, and the ends, of texts stand in the order of `TextKind`. */
const EVENTS: StaticArray<string> = [
  "created",
  "in_progress",
  "queued",
  "output_item.added",
  "output_item.done",
  "content_part.added",
  "content_part.done",
  "reasoning_summary_part.added",
  "reasoning_summary_part.done",
  "output_text.delta",
  "refusal.delta",
  "reasoning_text.delta",
  "reasoning_summary_text.delta",
  "output_text.done",
  "refusal.done",
  "reasoning_text.done",
  "reasoning_summary_text.done",
  "function_call_arguments.delta",
  "function_call_arguments.done",
  "custom_tool_call_input.delta",
  "custom_tool_call_input.done",
  "output_text.annotation.added",
  "completed",
  "incomplete",
  "failed",
  "cancelled",
];

export class ResponsesStreamReader extends StreamReader {
  private readonly response: ResponseReader;

  /** An event of more than `maxEventBytes` ends the answer with an error. */
  constructor(events: ChatEvents, maxEventBytes: i32) {
    super(events, maxEventBytes);
    this.response = new ResponseReader(events);
  }

  protected get isComplete(): bool {
    return this.response.isFinished;
  }

  protected readEvent(data: Span): void {
    const root = Json.checked(data);
    if (root.kind != JsonKind.Object) {
      // Servers that speak this dialect beside OpenAI's other one may close with `[DONE]`.
      if (!trimAscii(data).equalsAscii("[DONE]")) this.events.dropped.add("event that is no JSON object");
      return;
    }
    const stated = textOf(root.get("type"));
    const type = stated.isEmpty ? this.eventName() : stated;
    const event = type.startsWithAscii(PREFIX) ? indexOfName(EVENTS, type.slice(PREFIX.length)) : -1;
    if (event < 0) return this.readOther(type, root);
    const response = root.get("response");
    if (event <= Event.Queued) return this.response.begin(response);
    if (event >= Event.Completed) {
      this.response.readEnd(response.exists ? response : root);
      this.end();
      return;
    }
    // The beginning may be lost, or broken.
    this.response.begin(response);
    const item = root.get("item");
    const id = textOf(item.exists ? item.get("id") : root.get("item_id"));
    const known = this.response.item(root.get("output_index").integer(-1), id);
    if (known) this.readItemEvent(event, known, root, item);
  }

  private readItemEvent(event: i32, known: KnownItem, root: Json, item: Json): void {
    const response = this.response;
    const index = root.get("content_index").integer(0);
    if (event == Event.ItemAdded) {
      response.startItem(known, item);
    } else if (event == Event.ItemDone) {
      response.readItem(known, item);
    } else if (event == Event.PartDone) {
      response.readPart(known, index, root.get("part"));
    } else if (event == Event.SummaryPartDone) {
      response.readPart(known, root.get("summary_index").integer(0), root.get("part"));
    } else if (event == Event.ArgumentsDelta) {
      response.readArgumentsPiece(known, textOf(root.get("delta")));
    } else if (event == Event.ArgumentsDone) {
      response.readArguments(known, textOf(root.get("arguments")));
    } else if (event == Event.InputDelta) {
      response.readInputPiece(known, textOf(root.get("delta")));
    } else if (event == Event.InputDone) {
      response.readInput(known, textOf(root.get("input")));
    } else if (event == Event.Annotation) {
      response.readAnnotation(known.part(TextKind.Text, index), root.get("annotation"));
    } else if (event >= Event.TextDelta && event <= Event.SummaryDone) {
      const isDelta = event < Event.TextDone;
      const kind: TextKind = event - (isDelta ? Event.TextDelta : Event.TextDone);
      this.readTextEvent(known, kind, isDelta, root);
    }
  }

  private readTextEvent(known: KnownItem, kind: TextKind, isDelta: bool, root: Json): void {
    const position = root.get(kind == TextKind.Summary ? "summary_index" : "content_index");
    const part = known.part(kind, position.integer(0));
    if (isDelta) {
      this.response.readText(part, textOf(root.get("delta")));
    } else {
      this.response.readWhole(part, textOf(root.get(kind == TextKind.Refusal ? "refusal" : "text")));
    }
    this.response.readLogprobs(part, root.get("logprobs"), isDelta);
  }

  private readOther(type: Span, root: Json): void {
    if (type.equalsAscii("error")) {
      const error = ErrorBody.of(root);
      this.fail(error.kind, error.message);
    } else if (!type.equalsAscii("keepalive")) {
      this.events.dropped.addNamed("event.", type);
    }
  }
}
