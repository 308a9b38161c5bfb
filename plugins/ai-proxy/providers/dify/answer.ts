// Answers of Dify: https://docs.dify.ai/api-reference/chat/send-chat-message

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ErrorKind, errorKindOfStatus } from "as-proxy-wasm-sdk/llm/error";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { NONE, textOf, writeValueEscaped } from "as-proxy-wasm-sdk/llm/text";
import { Request } from "../../request";
import { escapedText } from "../../request-body";
import { ObjectReader } from "../object-answer";
import { writeTokenCounts } from "../token-counts";
import { Bot, BotType } from "./bot";

export class DifyReader extends ObjectReader {
  private readonly isWorkflow: bool;
  private readonly model: Span;
  /** Bytes of a workflow's text that came in pieces. */
  private toldBytes: i32 = 0;

  constructor(
    events: ChatEvents,
    private readonly bot: Bot,
    private readonly request: Request,
  ) {
    super(events);
    this.isWorkflow = bot.type == BotType.Workflow;
    this.model = escapedText(request.finalModel);
  }

  protected write(root: Json, out: Buffer): void {
    const event = textOf(root.get("event"));
    const data = root.get("data");
    if (event.equalsAscii("error")) {
      const status = <i32>root.get("status").integer(0);
      return this.fail(
        textOf(root.get("message")),
        status >= 400 ? errorKindOfStatus(status) : ErrorKind.Api,
      );
    }
    const answer = root.get("answer");
    if (this.isWhole && !(this.isWorkflow ? data : answer).exists) return;
    const endsWorkflow = this.isWhole || event.equalsAscii("workflow_finished");
    const endsMessage = this.isWhole || event.equalsAscii("message_end");
    // A chat may be made of a workflow: then its end comes before the message's.
    if (endsWorkflow || endsMessage) this.isFinished = true;
    if (this.isWorkflow && endsWorkflow && textOf(data.get("status")).equalsAscii("failed")) {
      return this.fail(textOf(data.get("error")));
    }
    const stops = endsMessage || (this.isWorkflow && endsWorkflow);
    const content = this.isWorkflow ? this.output(event, data) : textOf(answer);
    if (!stops && content.isEmpty) return;
    const json = new JsonWriter(out).object();
    const id = this.id(root);
    if (!id.isEmpty) json.key("id").escaped(id);
    json.key("choices").array().object().key("index").integer(0);
    json.key("delta").object().key("role").text("assistant").key("content").escaped(content).end();
    json.key("finish_reason");
    if (stops) json.text("stop");
    else json.null_();
    json.key("logprobs").null_().end().end();
    const created = root.get("created_at").integer(0);
    if (created > 0) json.key("created").integer(created);
    json.key("model").escaped(this.model).key("object").text("chat.completion.chunk").key("usage");
    if (endsMessage) writeTokenCounts(json, root.get("metadata").get("usage"));
    else json.null_();
    json.end();
  }

  /** The text that an event of a workflow has. */
  private output(event: Span, data: Json): Span {
    if (event.equalsAscii("text_chunk")) {
      const piece = textOf(data.get("text"));
      this.toldBytes += piece.size;
      return piece;
    }
    // What a single step puts out is not what the workflow does.
    if (event.equalsAscii("node_finished")) return NONE;
    const output = data.get("outputs").get(this.bot.outputVariable);
    if (output.kind == JsonKind.String) {
      // What came in pieces comes once more at the end.
      const text = output.escaped();
      return this.toldBytes > 0 && this.toldBytes == text.size ? NONE : text;
    }
    const json = new Buffer(64);
    if (output.kind > JsonKind.Null) writeValueEscaped(json, output.raw());
    return json.span();
  }

  private id(root: Json): Span {
    if (this.isWorkflow) return textOf(root.get("data").get("workflow_id"));
    if (this.bot.type == BotType.Completion) return textOf(root.get("message_id"));
    const conversation = root.get("conversation_id");
    if (conversation.raw().size > 2) this.request.note = conversation.text();
    return textOf(conversation);
  }
}
