// Memory that is written before it is read.

/** As `new ArrayBuffer(size)`, without zeros in it: filling costs a call out of the module. */
export function unfilled(size: i32): ArrayBuffer {
  return changetype<ArrayBuffer>(__new(<usize>size, idof<ArrayBuffer>()));
}
