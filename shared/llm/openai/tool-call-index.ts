// Which call a fragment of `tool_calls` belongs to. Servers that speak OpenAI's dialect number their calls from
// 0 or from 1, number all of them 0, or leave the number out; ids tell the calls apart then.

import { Span, fnv1a64 } from "../../bytes";
import { NONE } from "../text";

export class ToolCall {
  /** Counts the calls whose name is known, from 0; -1 as long as it is not. */
  number: i32 = -1;
  /** An id that came before the name. */
  id: Span = NONE;
  /** It takes free text, of which more may come. */
  isOpen: bool = false;
  hasArguments: bool = false;

  constructor(
    readonly wireIndex: i32,
    /** 0 for a call without id. */
    readonly idHash: u64,
  ) {}
}

/** The calls of one choice. */
export class ToolCallIndex {
  /** Calls whose name is known. */
  count: i32 = 0;
  /** Something of the choice came in pieces: a whole message that follows repeats it. */
  isTold: bool = false;

  readonly calls: ToolCall[] = [];

  /**
   * The call that a fragment belongs to, or null when it begins a new one. `wireIndex` is -1 when the fragment
   * has none.
   */
  find(wireIndex: i32, id: Span, hasName: bool): ToolCall | null {
    const calls = this.calls;
    const hash = id.isEmpty ? 0 : fnv1a64(id);
    for (let i = calls.length - 1; i >= 0; i--) {
      const call = calls[i];
      if (wireIndex >= 0 && call.wireIndex != wireIndex) continue;
      // Without a number and the call's id, a second name is all that tells of another call.
      if (wireIndex < 0 && hasName && call.number >= 0 && (hash == 0 || hash != call.idHash)) continue;
      // Another id and a name under a number that is there already is another call. Without a name it is none:
      // some servers make up a new id for every fragment.
      if (hash == 0 || call.idHash == 0 || hash == call.idHash || (wireIndex >= 0 && !hasName)) return call;
    }
    return null;
  }

  add(wireIndex: i32, id: Span): ToolCall {
    const call = new ToolCall(wireIndex, id.isEmpty ? 0 : fnv1a64(id));
    call.id = id.copy();
    this.calls.push(call);
    return call;
  }

  /** The call's name is known: it gets its number. Answers its id; none where another call has the same. */
  announce(call: ToolCall, id: Span): Span {
    let known = call.id.isEmpty ? id : call.id;
    for (let i = 0; i < this.calls.length; i++) {
      const other = this.calls[i];
      if (other.number >= 0 && other.idHash != 0 && other.idHash == call.idHash) known = NONE;
    }
    call.number = this.count++;
    call.id = NONE;
    return known;
  }
}
