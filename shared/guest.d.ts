// For editors: what asc knows of guest code and the standard library's declarations leave out. asc itself does not
// read this file.

/** Compile-time constants that `--use NAME=1` sets; ask with `isDefined`. */
declare const HIGRESS: i32;
declare const COLLECT_ALWAYS: i32;

// The runtime's own functions; only abi/ and bytes/ have a use for them.
declare function __new(size: usize, id: u32): usize;
declare function __renew(start: usize, size: usize): usize;
declare function __collect(): void;
/** Bytes allocated since the last collection; only in the project's own runtime (runtime/collector.ts). */
declare function __allocated(): usize;
/** Bytes that survived it. */
declare function __survived(): usize;

interface String {
  startsWith(other: string, from?: i32): bool;
}
