// The calls of a conversation by their ids. Anthropic takes each id once; servers of other dialects count them anew in
// every turn.

import { Span, fnv1a64 } from "../../bytes";
import { ChatMessage, ChatPart, PartKind } from "../chat";
import { plainToolCallId } from "../tool-id";

/** Calls with the same id that are looked through for one without result. */
const MAX_SAME: i32 = 16;

export class OpenCall {
  isAnswered: bool = false;

  constructor(
    readonly part: ChatPart,
    /** Position of an earlier call that came with the same id, or -1. */
    readonly previous: i32,
  ) {}
}

export class CallIds {
  readonly calls: OpenCall[] = [];
  /** Hashes of ids, 0 for a free place, and the positions of the last calls that came with them. */
  private readonly hashes: StaticArray<u64>;
  private readonly positions: StaticArray<i32>;

  /** For the calls of these messages. */
  constructor(messages: ChatMessage[]) {
    let count = 0;
    for (let i = 0; i < messages.length; i++) {
      const parts = messages[i].parts;
      for (let j = 0; j < parts.length; j++) if (parts[j].kind == PartKind.ToolCall) count++;
    }
    // Each call takes two places at most.
    let size = 4;
    while (size < count * 4) size <<= 1;
    this.hashes = new StaticArray<u64>(size);
    this.positions = new StaticArray<i32>(size);
  }

  /** Gives the next call an id that Anthropic takes and no other call has. */
  add(part: ChatPart): void {
    let id = plainToolCallId(part.id);
    const hash = hashOf(id);
    const place = this.placeOf(hash);
    let previous = -1;
    if (this.hashes[place] != 0 || id.isEmpty) {
      if (this.hashes[place] != 0) previous = this.positions[place];
      const text = id.isEmpty ? "call" : id.toString();
      let number = this.calls.length;
      while (this.hashes[this.placeOf(hashOf(id))] != 0 || id.isEmpty) {
        id = Span.text(text + "_" + (number++).toString());
      }
      this.set(hashOf(id));
    }
    this.set(hash);
    part.id = id;
    this.calls.push(new OpenCall(part, previous));
  }

  /** The first call from `from` on that has this id and no result. */
  find(id: Span, from: i32): OpenCall | null {
    const place = this.placeOf(hashOf(plainToolCallId(id)));
    let found: OpenCall | null = null;
    if (this.hashes[place] == 0) return found;
    let at = this.positions[place];
    for (let i = 0; i < MAX_SAME && at >= from; i++) {
      const call = this.calls[at];
      if (!call.isAnswered) found = call;
      at = call.previous;
    }
    return found;
  }

  private set(hash: u64): void {
    const place = this.placeOf(hash);
    this.hashes[place] = hash;
    this.positions[place] = this.calls.length;
  }

  /** Where this hash is, or has to go. */
  private placeOf(hash: u64): i32 {
    const mask = this.hashes.length - 1;
    let place = (<i32>hash) & mask;
    while (this.hashes[place] != 0 && this.hashes[place] != hash) place = (place + 1) & mask;
    return place;
  }
}

function hashOf(id: Span): u64 {
  return fnv1a64(id) | 1;
}
