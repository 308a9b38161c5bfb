// Where the members of one large object are, so that the second and every later look-up walks no value.

import { Cursor } from "./cursor";
import { compareKey } from "./string";

const MAX_MEMBERS: i32 = 64;

export class MemberIndex {
  // Four words a member: name start | name end | name has a backslash | value start
  private entries: StaticArray<usize> = new StaticArray<usize>(MAX_MEMBERS * 4);
  private count: i32 = 0;

  /** False for an object with more than 64 members: those are searched every time. */
  isComplete: bool = true;

  constructor(cursor: Cursor) {
    let at = changetype<usize>(this.entries);
    while (cursor.nextMember()) {
      if (this.count == MAX_MEMBERS) {
        this.isComplete = false;
        break;
      }
      store<usize>(at, cursor.keyStart);
      store<usize>(at, cursor.keyEnd, sizeof<usize>());
      store<usize>(at, <usize>cursor.keyEscaped, 2 * sizeof<usize>());
      store<usize>(at, cursor.valueStart, 3 * sizeof<usize>());
      at += 4 * sizeof<usize>();
      this.count++;
    }
    if (cursor.close == 0) this.isComplete = false;
  }

  /** Address of the value of the last member with this name, or 0. */
  find(name: usize, size: usize): usize {
    const first = changetype<usize>(this.entries);
    let at = first + <usize>this.count * 4 * sizeof<usize>();
    while (at > first) {
      at -= 4 * sizeof<usize>();
      const escaped = load<usize>(at, 2 * sizeof<usize>()) != 0;
      if (compareKey(load<usize>(at), load<usize>(at, sizeof<usize>()), escaped, name, size) > 0) {
        return load<usize>(at, 3 * sizeof<usize>());
      }
    }
    return 0;
  }
}
