// How the hashes of FIPS 180-4 fill up a message: a one bit, zeros, the length in bits at the end of a block.

import { takesRoom } from "../runtime/room";
import { Span } from "./span";

/** A copy of the message in whole blocks; none where it has no room. */
export function padded(message: Span, blockSize: i32): Span {
  const tail = blockSize >> 3;
  const size = (message.size + 1 + tail + blockSize - 1) & -blockSize;
  if (!takesRoom(size)) return Span.empty();
  const blocks = Span.of(new ArrayBuffer(size));
  memory.copy(blocks.start, message.start, <usize>message.size);
  store<u8>(blocks.start + <usize>message.size, 0x80);
  store<u64>(blocks.end - 8, bswap<u64>((<u64>message.size) << 3));
  return blocks;
}
