// An answer as a stream of OpenAI chat completion chunks. Members stand in the order of Higress's own
// conversion:
//
//     data: {"id":…,"choices":[{"index":0,"delta":{…},"finish_reason":null,"logprobs":null}],"created":…,
//            "model":…,"object":"chat.completion.chunk","usage":null}

import { Buffer, Span, writeInteger } from "../../bytes";
import { JsonWriter } from "../../json";
import { CustomInput } from "../custom-tool";
import { ErrorKind } from "../error";
import { AnswerHead, AnswerWriter, Citation, Finish, MAX_CHOICES } from "../events";
import { NONE, writeQuoted, writeValueEscaped } from "../text";
import { toolCallId } from "../tool-id";
import { Usage } from "../usage";
import { writeOpenaiError } from "./error";
import { writeAnnotation, writeImage } from "./extras-writer";
import { openaiFinishName } from "./finish";
import { writeSealedData, writeSealedText, writeToolSignature } from "./seal";
import { writeOpenaiUsage } from "./usage";

// Said again and again, so turned into bytes once.
const CHOICE: Span = Span.text('{"index":');
const CHOICE_DELTA: Span = Span.text(',"delta":{');
const REASONING_CONTENT: Span = Span.text('"reasoning_content":"');
const CONTENT: Span = Span.text('"content":"');
const REFUSAL: Span = Span.text('"refusal":"');
const TOOL_CALL: Span = Span.text('"tool_calls":[{"index":');
const ARGUMENTS: Span = Span.text(',"function":{"arguments":"');
const ARGUMENTS_END: Span = Span.text('"}}]');
const UNFINISHED: Span = Span.text('},"finish_reason":null,"logprobs":null}]');
const NO_USAGE: Span = Span.text("null}\n\n");

/** A longer stretch of reasoning is not sent a second time with its signature, which is of no use without it. */
const MAX_UNSEALED_BYTES: i32 = 1 << 20;

/** A call of a tool that takes free text. */
class CustomCall {
  readonly input: CustomInput = new CustomInput();

  constructor(
    readonly choice: i32,
    readonly index: i32,
  ) {}
}

export class OpenaiStreamWriter extends AnswerWriter {
  /** Send the closing chunk with usage. */
  includesUsage: bool = true;
  /** Send it as soon as it is known, where the provider states it once and nothing but the end is to follow. */
  sendsUsageAtOnce: bool = false;

  private reasoningMember: Span = REASONING_CONTENT;
  /** Reasoning goes to `reasoning_content` too. */
  private hasOtherName: bool = false;
  /** The stretch of reasoning that is not sealed yet. */
  private unsealed: Buffer = new Buffer();
  /**
   * Items of `reasoning_details` and of `annotations`. OpenAI's own clients keep the last list that a delta brings, others
   * put all into one: so each is sent once, whole, before the choice ends.
   */
  private readonly details: Buffer = new Buffer(0);
  private readonly annotations: Buffer = new Buffer(0);
  private heldChoice: i32 = 0;
  private id: Span = NONE;
  /** What every chunk begins with, up to its first choice. */
  private start: Span = NONE;
  /** What follows the choices in every chunk, up to the value of `usage`. */
  private tail: Span = NONE;
  private lastUsage: Usage | null = null;
  private isBegun: bool = false;
  private isFinished: bool = false;
  private hasCalls: bool = false;
  private readonly customs: CustomCall[] = [];
  private begunChoices: StaticArray<bool> = new StaticArray<bool>(MAX_CHOICES);

  /** `created` (seconds since 1970) stands in where the provider does not tell. */
  constructor(
    private readonly out: Buffer,
    private readonly created: i64,
  ) {
    super();
  }

  /** Another member of a delta for reasoning, beside `reasoning_content`: some clients read only one of them. */
  set reasoningName(name: string) {
    this.hasOtherName = name != "reasoning_content";
    this.reasoningMember = Span.text('"' + name + '":"');
  }

  begin(head: AnswerHead): void {
    if (this.isBegun) return;
    this.isBegun = true;
    this.name(head);
    this.beginChoice(0);
  }

  /** Keeps what every chunk repeats. */
  private name(head: AnswerHead): void {
    this.id = head.id.copy();
    this.start = startOf(head);
    this.tail = this.tailOf(head);
  }

  text(choice: i32, escaped: Span): void {
    this.delta(choice, CONTENT, escaped);
  }

  reasoning(choice: i32, escaped: Span): void {
    if (this.unsealed.size < MAX_UNSEALED_BYTES) this.unsealed.append(escaped);
    this.open(choice);
    this.out.append(this.reasoningMember);
    this.out.append(escaped);
    this.out.push(0x22);
    if (this.hasOtherName) {
      this.out.push(0x2c);
      this.out.append(REASONING_CONTENT);
      this.out.append(escaped);
      this.out.push(0x22);
    }
    this.close(NONE);
  }

  signature(choice: i32, escaped: Span): void {
    const isWhole = this.unsealed.size < MAX_UNSEALED_BYTES && this.details.size < MAX_UNSEALED_BYTES;
    if (isWhole) writeSealedText(this.hold(choice, this.details), this.unsealed.span(), escaped);
    else this.dropped.add("thinking.signature");
    this.unsealed.clear();
  }

  redactedReasoning(choice: i32, data: Span): void {
    writeSealedData(this.hold(choice, this.details), data);
  }

  citation(choice: i32, citation: Citation): void {
    writeAnnotation(this.hold(choice, this.annotations), citation);
  }

  image(choice: i32, mediaType: Span, data: Span): void {
    writeImage(this.openList(choice, "images"), mediaType, data);
    this.closeList();
  }

  logprobs(choice: i32, json: Span): void {
    this.open(choice);
    this.out.text('},"finish_reason":null,"logprobs":{"content":');
    this.out.append(json);
    this.out.text(',"refusal":null}}]');
    this.out.append(this.tail);
    this.out.append(NO_USAGE);
  }

  refusal(choice: i32, escaped: Span): void {
    this.delta(choice, REFUSAL, escaped);
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    const out = this.out;
    if (this.isOther(index)) return;
    this.hasCalls = true;
    this.open(choice);
    const own = this.toolName(name);
    const isCustom = this.renamedTools.isCustom(own);
    if (this.usesFunctions) {
      out.text('"function_call":{"name":');
    } else {
      if (isCustom) this.customs.push(new CustomCall(choice, index));
      out.append(TOOL_CALL);
      writeInteger(out, index);
      out.text(',"id":');
      writeQuoted(out, toolCallId(id, this.id, index));
      out.text(isCustom ? ',"type":"custom","custom":{"name":' : ',"type":"function","function":{"name":');
    }
    writeQuoted(out, own);
    if (isCustom) out.text(',"input":""}}]');
    else out.text(this.usesFunctions ? ',"arguments":""}' : ',"arguments":""}}]');
    this.close(NONE);
  }

  toolArguments(choice: i32, index: i32, escaped: Span): void {
    if (this.isOther(index)) return;
    const custom = this.custom(choice, index);
    if (custom) return this.writeInput(custom, custom.input.feed(escaped));
    this.openArguments(choice, index);
    this.out.append(escaped);
    this.closeArguments();
  }

  toolInput(choice: i32, index: i32, json: Span): void {
    const escaped = new Buffer(json.size + 16);
    writeValueEscaped(escaped, json);
    this.toolArguments(choice, index, escaped.span());
  }

  toolSignature(choice: i32, index: i32, escaped: Span): void {
    if (this.usesFunctions) {
      this.dropped.add("tool_call.signature");
      return;
    }
    // Empty arguments, for clients that add them up without looking.
    const json = this.openList(choice, "tool_calls").object().key("index").integer(index);
    const isCustom = this.custom(choice, index) !== null;
    json.key(isCustom ? "custom" : "function").object();
    json
      .key(isCustom ? "input" : "arguments")
      .text("")
      .end();
    writeToolSignature(json, escaped);
    json.end();
    this.closeList();
  }

  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    this.isFinished = true;
    this.release();
    for (let i = 0; i < this.customs.length; i++) {
      const custom = this.customs[i];
      if (custom.choice == choice) this.writeInput(custom, custom.input.finish());
    }
    this.open(choice);
    this.close(openaiFinishName(reason, word, this.usesFunctions));
  }

  usage(usage: Usage): void {
    if (this.sendsUsageAtOnce && (this.isFinished || !this.isBegun)) this.writeUsage(usage);
    else this.lastUsage = usage.copy();
  }

  error(kind: ErrorKind, message: Span): void {
    this.out.text("data: ");
    writeOpenaiError(this.out, kind, message);
    this.out.text("\n\n");
    this.hasFailed = true;
  }

  end(): void {
    const usage = this.lastUsage;
    if (!this.hasFailed) this.release();
    if (this.isBegun && !this.isFinished && !this.hasFailed) {
      this.finish(0, this.hasCalls ? Finish.ToolCalls : Finish.Stop, NONE, NONE);
    }
    if (usage && !this.hasFailed) this.writeUsage(usage);
    if (this.endsWithDone) this.out.text("data: [DONE]\n\n");
  }

  private writeUsage(usage: Usage): void {
    this.lastUsage = null;
    if (!this.includesUsage) return;
    if (this.start.isEmpty) this.name(new AnswerHead());
    this.out.append(this.start);
    this.out.push(0x5d);
    this.out.append(this.tail);
    writeOpenaiUsage(this.out, usage);
    this.out.text("}\n\n");
  }

  private delta(choice: i32, member: Span, escaped: Span): void {
    this.open(choice);
    this.out.append(member);
    this.out.append(escaped);
    this.out.push(0x22);
    this.close(NONE);
  }

  /** Clients that know functions only take one call. */
  private isOther(index: i32): bool {
    if (index == 0 || !this.usesFunctions) return false;
    this.dropped.add("tool_calls");
    return true;
  }

  private custom(choice: i32, index: i32): CustomCall | null {
    const customs = this.customs;
    for (let i = customs.length - 1; i >= 0; i--) {
      if (customs[i].index == index && customs[i].choice == choice) return customs[i];
    }
    return null;
  }

  private writeInput(custom: CustomCall, escaped: Span): void {
    if (escaped.isEmpty) return;
    this.open(custom.choice);
    this.out.append(TOOL_CALL);
    writeInteger(this.out, custom.index);
    this.out.text(',"custom":{"input":"');
    this.out.append(escaped);
    this.closeArguments();
  }

  private openArguments(choice: i32, index: i32): void {
    this.open(choice);
    if (this.usesFunctions) {
      this.out.text('"function_call":{"arguments":"');
      return;
    }
    this.out.append(TOOL_CALL);
    writeInteger(this.out, index);
    this.out.append(ARGUMENTS);
  }

  private closeArguments(): void {
    if (this.usesFunctions) this.out.text('"}');
    else this.out.append(ARGUMENTS_END);
    this.close(NONE);
  }

  /** Where the next item of a list that is sent whole is written. */
  private hold(choice: i32, list: Buffer): JsonWriter {
    if (choice != this.heldChoice) this.release();
    this.heldChoice = choice;
    if (!list.isEmpty) list.push(0x2c);
    return new JsonWriter(list);
  }

  private release(): void {
    this.sendList("reasoning_details", this.details);
    this.sendList("annotations", this.annotations);
  }

  private sendList(name: string, items: Buffer): void {
    if (items.isEmpty) return;
    this.openList(this.heldChoice, name);
    this.out.append(items.span());
    this.closeList();
    items.clear();
  }

  /** Opens a chunk whose delta has a list and nothing else. */
  private openList(choice: i32, name: string): JsonWriter {
    this.open(choice);
    this.out.text('"' + name + '":[');
    return new JsonWriter(this.out);
  }

  private closeList(): void {
    this.out.push(0x5d);
    this.close(NONE);
  }

  /** Opens a chunk up to the members of its delta. */
  private open(choice: i32): void {
    if (!this.isBegun) this.begin(new AnswerHead());
    const known = min(max(choice, 0), MAX_CHOICES - 1);
    if (!this.begunChoices[known]) this.beginChoice(known);
    this.openDelta(known);
  }

  private beginChoice(choice: i32): void {
    this.begunChoices[choice] = true;
    this.openDelta(choice);
    this.out.text('"role":"assistant","content":""');
    this.close(NONE);
  }

  private openDelta(choice: i32): void {
    this.out.append(this.start);
    this.out.append(CHOICE);
    writeInteger(this.out, choice);
    this.out.append(CHOICE_DELTA);
  }

  /** Closes a chunk; `finish` is the escaped word, empty for null. */
  private close(finish: Span): void {
    const out = this.out;
    if (finish.isEmpty) {
      out.append(UNFINISHED);
    } else {
      out.text('},"finish_reason":');
      writeQuoted(out, finish);
      out.text(',"logprobs":null}]');
    }
    out.append(this.tail);
    out.append(NO_USAGE);
  }

  private tailOf(head: AnswerHead): Span {
    const tail = new Buffer();
    tail.text(',"created":' + (head.created > 0 ? head.created : this.created).toString());
    writeMember(tail, "model", this.model.isEmpty ? head.model : this.model);
    writeMember(tail, "service_tier", head.serviceTier);
    writeMember(tail, "system_fingerprint", head.systemFingerprint);
    writeMember(tail, "object", Span.text("chat.completion.chunk"));
    tail.text(',"usage":');
    return tail.span();
  }
}

function startOf(head: AnswerHead): Span {
  const start = new Buffer();
  start.text("data: {");
  if (!head.id.isEmpty) {
    start.text('"id":');
    writeQuoted(start, head.id);
    start.push(0x2c);
  }
  start.text('"choices":[');
  return start.span();
}

/** Appends `,"name":"text"` unless the text is empty. */
export function writeMember(out: Buffer, name: string, escaped: Span): void {
  if (escaped.isEmpty) return;
  out.text(',"' + name + '":');
  writeQuoted(out, escaped);
}
