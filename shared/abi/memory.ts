// Memory that crosses the boundary, and when garbage is collected.
//
// The runtime is `minimal`: nothing is collected unless `__collect` is called, and it is called only at call
// depth 0, when no managed value is on the stack. So a pointer handed to the host in a callback stays good to
// the end of that callback.

import { Span } from "../bytes/span";
import "./abort";
import { fits } from "../runtime/room";

/** Where the host writes an address and a size: two u32. */
const OUT = memory.data(16);

/**
 * A collection costs as much as there is alive or dead; so between two of them at least so much is allocated, and
 * half of what is alive.
 */
const LEAST_BYTES: usize = 112 * 1024;

/** `Runtime.Incremental` of the standard library, whose enum user code cannot name. */
const INCREMENTAL = 2;

// Under GC stress the first collection sets the threshold from which on every allocation runs a whole cycle.
if (ASC_RUNTIME == INCREMENTAL) __collect();

let depth = 0;

/** Memory that the next `malloc` hands out if it is large enough; see `lend`. */
let lent: ArrayBuffer | null = null;

/**
 * Lets the host's next answer be written to `memory` instead of new memory. Nothing is collected inside a
 * callback, so reading a large body piece by piece would otherwise cost as much memory as reading it whole.
 */
export function lend(memory: ArrayBuffer | null): void {
  lent = memory;
}

/** The host never needs as much for one answer; more would not fit into what it allows a VM either. */
const MAX_FROM_HOST = 1 << 29;

/** Allocates memory that the host fills and `adopt` turns into a span. Called by the host, inside our calls. 0: refused. */
export function malloc(size: i32): usize {
  if (size < 0 || size > MAX_FROM_HOST) return 0;
  const memory = lent;
  if (memory !== null && size <= memory.byteLength) {
    lent = null;
    return changetype<usize>(memory);
  }
  // The allocator traps where the host refuses memory.
  if (!fits(size)) return 0;
  return __new(<usize>size, idof<ArrayBuffer>());
}

/** Fallback name of `malloc`; the Go project's test host looks up only this one. */
export function proxy_on_memory_allocate(size: i32): usize {
  return malloc(size);
}

export function outAddress(): usize {
  return OUT;
}

export function outSize(): usize {
  return OUT + 4;
}

/** A further u32 or u64 result (CAS, token, metric value). */
export function outNumber(): usize {
  return OUT + 8;
}

/** Makes the out parameters say "nothing", for hosts that leave them alone on failure. */
export function clearOut(): void {
  store<u64>(OUT, 0);
  store<u64>(OUT, 0, 8);
}

/** The bytes the host just returned through the out parameters. */
export function adopt(): Span {
  const address = <usize>load<u32>(OUT);
  const size = load<i32>(OUT, 4);
  if (address == 0 || size <= 0) return Span.empty();
  return new Span(changetype<ArrayBuffer>(address), address, size);
}

/** As `adopt`, in a span that is used again and again. */
export function adoptInto(span: Span): Span {
  const address = <usize>load<u32>(OUT);
  const size = load<i32>(OUT, 4);
  const isEmpty = address == 0 || size <= 0;
  span.owner = isEmpty ? null : changetype<ArrayBuffer>(address);
  span.start = isEmpty ? 0 : address;
  span.size = isEmpty ? 0 : size;
  return span;
}

export function enter(): void {
  depth++;
}

/** Ends a callback; at depth 0 garbage may be collected. */
export function leave(): void {
  depth--;
  if (depth > 0) return;
  if (isDefined(COLLECT_ALWAYS)) {
    __collect();
    return;
  }
  if (ASC_RUNTIME == INCREMENTAL) return;
  if (__allocated() >= max(LEAST_BYTES, __survived() / 2)) __collect();
}
