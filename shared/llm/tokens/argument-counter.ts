// Counts the arguments of tool calls: the outermost members of JSON that comes as a text, in pieces of any size.

export class ArgumentCounter {
  /** Of all calls together. */
  count: i32 = 0;
  private depth: i32 = 0;
  private isInString: bool = false;
  /** Behind a backslash that belongs to the arguments. */
  private isShielded: bool = false;
  /** A colon now ends the name of a member. */
  private isBehindString: bool = false;

  /** Another call begins. */
  begin(): void {
    this.depth = 0;
    this.isInString = false;
    this.isShielded = false;
    this.isBehindString = false;
  }

  /** Characters that are neither quotation marks nor backslashes. */
  plain(start: usize, end: usize): void {
    if (start == end) return;
    this.isShielded = false;
    if (this.isInString) return;
    for (let at = start; at < end; at++) {
      const byte = <u32>load<u8>(at);
      if (byte <= 0x20) continue;
      if (byte == 0x3a && this.isBehindString && this.depth == 1) this.count++;
      this.isBehindString = false;
      const folded = byte | 0x20;
      if (folded == 0x7b) this.depth++;
      else if (folded == 0x7d) this.depth--;
    }
  }

  /** The next character, of any kind. */
  character(point: u32): void {
    const isShielded = this.isShielded;
    this.isShielded = !isShielded && point == 0x5c;
    if (isShielded || point != 0x22) return;
    this.isBehindString = this.isInString;
    this.isInString = !this.isInString;
  }
}
