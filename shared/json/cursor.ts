// Steps through the members of one object or the items of one array, by their quotes and brackets.

import { JsonError } from "./error";
import { Scan, skipValue, stringEnd } from "./scan";

export class Cursor {
  /** The present member's name between its quotes, and whether it holds a backslash. */
  keyStart: usize = 0;
  keyEnd: usize = 0;
  keyEscaped: bool = false;
  /** First byte of the present value; 0 before the first and after the last. */
  valueStart: usize = 0;
  /** Address after the present value, where already known; else 0. Whoever walks the value may fill it in. */
  valueEnd: usize = 0;
  /** Address after the closing bracket once it is reached; else 0. */
  close: usize = 0;
  error: JsonError = JsonError.None;
  /** Address of the error. */
  errorAt: usize = 0;

  private at: usize = 0;
  private end: usize = 0;

  /** Starts before the first member or item of the container whose bracket is at `at`. */
  open(at: usize, end: usize): void {
    this.at = at + 1;
    this.end = end;
    this.valueStart = 0;
    this.valueEnd = 0;
    this.close = 0;
    this.error = JsonError.None;
  }

  /** Moves to the next member; false at the end of the object or at an error. */
  nextMember(): bool {
    let at = this.step(0x7d);
    if (at == 0) return false;
    if (load<u8>(at) != 0x22) return this.stop(JsonError.Syntax, at);
    const keyEnd = stringEnd(at + 1, this.end);
    if (keyEnd == 0) return this.stop(Scan.error, Scan.errorAt);
    this.keyStart = at + 1;
    this.keyEnd = keyEnd;
    this.keyEscaped = Scan.escaped;
    at = Scan.space(keyEnd + 1, this.end);
    if (at < this.end && load<u8>(at) != 0x3a) return this.stop(JsonError.Syntax, at);
    at = Scan.space(at + 1, this.end);
    if (at >= this.end) return this.stop(JsonError.Truncated, this.end);
    this.valueStart = at;
    return true;
  }

  /** Moves to the next item; false at the end of the array or at an error. */
  nextItem(): bool {
    const at = this.step(0x5d);
    this.valueStart = at;
    return at != 0;
  }

  /** Address after the present value, or 0 with `error` set. */
  endOfValue(): usize {
    if (this.valueEnd == 0) {
      this.valueEnd = skipValue(this.valueStart, this.end);
      if (this.valueEnd == 0) this.stop(Scan.error, Scan.errorAt);
    }
    return this.valueEnd;
  }

  /** Records an error; nothing follows it. Returns false. */
  stop(error: JsonError, at: usize): bool {
    this.error = error;
    this.errorAt = at;
    this.valueStart = 0;
    this.at = 0;
    return false;
  }

  /** First byte of the next member or item, or 0. */
  private step(bracket: u32): usize {
    if (this.at == 0) return 0;
    const first = this.valueStart == 0;
    let at = this.at;
    if (!first) {
      at = this.endOfValue();
      if (at == 0) return 0;
      this.valueStart = 0;
      this.valueEnd = 0;
    }
    at = Scan.space(at, this.end);
    if (at < this.end) {
      const byte = load<u8>(at);
      if (byte == bracket) {
        this.close = at + 1;
        this.at = 0;
        return 0;
      }
      if (first) return at;
      if (byte != 0x2c) {
        this.stop(JsonError.Syntax, at);
        return 0;
      }
      at = Scan.space(at + 1, this.end);
      if (at < this.end) return at;
    }
    this.stop(JsonError.Truncated, this.end);
    return 0;
  }
}
