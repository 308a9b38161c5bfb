// Which call a fragment of `tool_calls` belongs to. Servers that speak OpenAI's dialect number their calls from
// 0 or from 1, number all of them 0, or leave the number out; ids tell the calls apart then.

import { Span, fnv1a64 } from "../../bytes";
import { NONE } from "../text";

class Call {
  isAnnounced: bool = false;
  /** Kept until the call's name is known. */
  id: Span = NONE;

  constructor(
    readonly wireIndex: i32,
    /** 0 for a call without id. */
    readonly idHash: u64,
  ) {}
}

/** The calls of one choice, numbered from 0 as they begin. */
export class ToolCallIndex {
  private readonly calls: Call[] = [];

  get count(): i32 {
    return this.calls.length;
  }

  /**
   * Number of the call that a fragment belongs to, or -1 when it begins a new one. `wireIndex` is -1 when the
   * fragment has none.
   */
  find(wireIndex: i32, id: Span, hasName: bool): i32 {
    const calls = this.calls;
    const last = calls.length - 1;
    if (wireIndex < 0 && id.isEmpty) return last;
    const hash = id.isEmpty ? 0 : fnv1a64(id);
    for (let i = last; i >= 0; i--) {
      const call = calls[i];
      if (wireIndex >= 0 && call.wireIndex != wireIndex) continue;
      // Another id and a name under a number that is there already is another call. Without a name it is none:
      // some servers make up a new id for every fragment.
      if (hash == 0 || call.idHash == 0 || hash == call.idHash || (wireIndex >= 0 && !hasName)) return i;
    }
    return -1;
  }

  add(wireIndex: i32, id: Span): i32 {
    this.calls.push(new Call(wireIndex, id.isEmpty ? 0 : fnv1a64(id)));
    return this.calls.length - 1;
  }

  isAnnounced(index: i32): bool {
    return this.calls[index].isAnnounced;
  }

  announce(index: i32): void {
    const call = this.calls[index];
    call.isAnnounced = true;
    call.id = NONE;
  }

  /** Keeps an id that came before its name; answers the id to use. */
  idOf(index: i32, id: Span): Span {
    const call = this.calls[index];
    if (!id.isEmpty && call.id.isEmpty) call.id = id.copy();
    return call.id;
  }
}
