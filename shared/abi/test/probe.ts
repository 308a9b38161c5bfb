// Exports for tests: memory that something holds, memory that nothing holds, and an abort.

import { enter, leave } from "as-proxy-wasm-sdk/abi/memory";
export { abort } from "as-proxy-wasm-sdk/abi/abort";

const SIZE = 64;
/** What the function itself writes, and what an earlier callback has left. */
const OWN: u8 = 0xab;
const LEFT: u8 = 0xcd;
let address: usize = 0;
let object: ArrayBuffer | null = null;

function filled(fill: u8): ArrayBuffer {
  const bytes = new ArrayBuffer(SIZE);
  memory.fill(changetype<usize>(bytes), fill, SIZE);
  return bytes;
}

/** Allocates enough at a time to take the place of whatever was freed. */
function churn(): void {
  const kept: ArrayBuffer[] = [];
  for (let i = 0; i < 500; i++) kept.push(new ArrayBuffer(SIZE));
}

function isIntact(start: usize, fill: u8): bool {
  for (let i = 0; i < SIZE; i++) if (load<u8>(start + <usize>i) != fill) return false;
  return true;
}

/** Whether bytes survive that a function knows only by their address. */
export function addressInFunction(): bool {
  enter();
  const start = changetype<usize>(filled(OWN));
  churn();
  const intact = isIntact(start, OWN);
  leave();
  return intact;
}

/** Whether bytes survive that a function holds as an object. */
export function objectInFunction(): bool {
  enter();
  const bytes = filled(OWN);
  churn();
  const intact = isIntact(changetype<usize>(bytes), OWN);
  leave();
  return intact && bytes.byteLength == SIZE;
}

/** Two callbacks: the second asks whether what the first left behind is still there. */
export function leaveBehind(): void {
  enter();
  object = filled(LEFT);
  // Last: an allocation after it could take its place, and look like it.
  address = changetype<usize>(filled(LEFT));
  leave();
}

export function addressOverCallbacks(): bool {
  enter();
  churn();
  const intact = isIntact(address, LEFT);
  leave();
  return intact;
}

export function objectOverCallbacks(): bool {
  enter();
  churn();
  const bytes = object;
  const intact = bytes !== null && isIntact(changetype<usize>(bytes), LEFT);
  leave();
  return intact;
}

/** A callback inside a host call inside a callback: whether the outer one keeps its memory. */
export function nested(): bool {
  enter();
  const bytes = filled(OWN);
  for (let i = 0; i < 200; i++) leaveBehind();
  const intact = isIntact(changetype<usize>(bytes), OWN);
  leave();
  return intact;
}

export function fail(): void {
  throw new Error("why");
}
