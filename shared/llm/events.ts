// A model's answer as a sequence of events, the same for whole answers and streams. A dialect's reader calls
// them in the order of the answer, a dialect's writer is a `ChatEvents` and writes what it is told.
//
// Order: `begin`, then everything else, then `end` as the last call, once. After `error` only `end` follows. Of an
// answer whose beginning is lost there may be no `begin`.
// Texts are escaped string content; they are valid during the call only. `choice` is less than `MAX_CHOICES`.

import { Span } from "../bytes";
import { Dropped } from "./dropped";
import { ErrorKind } from "./error";
import { RenamedTools } from "./renamed-tools";
import { NONE } from "./text";
import { Usage } from "./usage";

/** Why the model stopped. */
export const enum Finish {
  Stop = 0,
  /** One of the request's stop texts was met. */
  StopText = 1,
  Length = 2,
  ToolCalls = 3,
  /** Content was withheld by a filter, or the model refused. */
  Filter = 4,
  /** Paused by the provider; the client is to send the answer back to go on. */
  Pause = 5,
  /** The provider's own word, handed on as it is. */
  Other = 6,
}

/** More tool calls of one answer than this are dropped. */
export const MAX_TOOL_CALLS: i32 = 1024;
/** More choices of one answer than this are dropped. */
export const MAX_CHOICES: i32 = 128;

/** What is known of an answer when it begins. */
export class AnswerHead {
  id: Span = NONE;
  model: Span = NONE;
  /** Seconds since 1970, 0 when not told. */
  created: i64 = 0;
  serviceTier: Span = NONE;
  systemFingerprint: Span = NONE;

  /** A head that stays valid after the call. */
  copy(): AnswerHead {
    const copy = new AnswerHead();
    copy.id = this.id.copy();
    copy.model = this.model.copy();
    copy.created = this.created;
    copy.serviceTier = this.serviceTier.copy();
    copy.systemFingerprint = this.systemFingerprint.copy();
    return copy;
  }
}

/** A source that a text refers to. Texts are escaped; positions count characters of the choice's text so far. */
export class Citation {
  url: Span = NONE;
  title: Span = NONE;
  /** The words of the source that are referred to. */
  quote: Span = NONE;
  /** Where the text that refers begins and ends; -1 when not told. */
  start: i64 = -1;
  end: i64 = -1;
}

export abstract class ChatEvents {
  /** What a reader met, or a writer was told, that the client's dialect has no place for. */
  readonly dropped: Dropped = new Dropped();

  abstract begin(head: AnswerHead): void;
  abstract text(choice: i32, escaped: Span): void;
  abstract reasoning(choice: i32, escaped: Span): void;
  /** Ends a stretch of reasoning: the provider's seal on it, to be sent back with it. */
  abstract signature(choice: i32, escaped: Span): void;
  /** Reasoning that only the provider can read. */
  abstract redactedReasoning(choice: i32, data: Span): void;
  /** The model's words for why it does not answer. */
  abstract refusal(choice: i32, escaped: Span): void;
  /** Begins the call of one of the client's tools; `index` counts them from 0. `id` may be empty. */
  abstract toolCall(choice: i32, index: i32, id: Span, name: Span): void;
  /** A piece of the arguments' JSON text, as string content. */
  abstract toolArguments(choice: i32, index: i32, escaped: Span): void;
  /** All arguments at once, as a checked JSON object. */
  abstract toolInput(choice: i32, index: i32, json: Span): void;
  /** The provider's seal on a call, to be sent back with it. Comes after `toolCall`. */
  toolSignature(choice: i32, index: i32, escaped: Span): void {
    this.dropped.add("tool_call.signature");
  }
  /** A source of the text that came before. */
  citation(choice: i32, citation: Citation): void {
    this.dropped.add("citations");
  }
  /** Probabilities of the tokens of the text that came before: a JSON array as in OpenAI's `logprobs.content`. */
  logprobs(choice: i32, json: Span): void {
    this.dropped.add("logprobs");
  }
  /** The name under which the model speaks; comes before what it says. */
  speaker(choice: i32, name: Span): void {
    this.dropped.add("message.name");
  }
  /** A picture that the model made: media type, and base64 as string content. */
  image(choice: i32, mediaType: Span, data: Span): void {
    this.dropped.add("image");
  }
  /** `word` is the provider's own, `detail` the stop text that was met; both may be empty. */
  abstract finish(choice: i32, reason: Finish, word: Span, detail: Span): void;
  /** Replaces what was known of usage. The object is the reader's: read it at once. */
  abstract usage(usage: Usage): void;
  abstract error(kind: ErrorKind, message: Span): void;
  abstract end(): void;
}

/** Writes what it is told in the dialect of a client. */
export abstract class AnswerWriter extends ChatEvents {
  /** Model to name instead of the provider's, escaped. */
  model: Span = NONE;
  /** The client knows functions only, not tools (`ChatRequest.hasFunctions`). */
  usesFunctions: bool = false;
  /** Tools that were sent otherwise than the client knows them (`ChatRequest.renamedTools`). */
  renamedTools: RenamedTools = new RenamedTools();
  /** Say at the end that the stream has ended, in dialects that do: OpenAI's `[DONE]`. */
  endsWithDone: bool = true;
  /** An error was written instead of an answer, or at its end. */
  hasFailed: bool = false;

  /** The name by which the client knows a tool that the model calls. */
  protected toolName(name: Span): Span {
    return this.renamedTools.ownName(name);
  }
}
