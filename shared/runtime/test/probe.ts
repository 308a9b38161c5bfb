// Exports for tests: a graph of objects of all kinds that the test builds, cuts and reads back.

export { abort } from "as-proxy-wasm-sdk/abi/abort";

const SLOTS = 32;

class Node {
  left: Node | null = null;
  list: Node[] = [];
  byKey: Map<i32, Node> = new Map<i32, Node>();
  text: string;
  bytes: Uint8Array;
  texts: string[] | null = null;

  constructor(
    public id: i32,
    size: i32,
  ) {
    this.text = `node ${id}`;
    this.bytes = new Uint8Array(size).fill(<u8>id);
  }
}

const slots = new StaticArray<Node | null>(SLOTS);
/** Lies in the module's data; its elements are replaced by objects of the heap. */
let literal: string[] = ["one", "two"];

function at(slot: i32): Node | null {
  return slots[slot % SLOTS];
}

export function make(slot: i32, id: i32, size: i32): void {
  slots[slot % SLOTS] = new Node(id, size);
}

export function drop(slot: i32): void {
  slots[slot % SLOTS] = null;
}

export function setLeft(slot: i32, other: i32): void {
  const node = at(slot);
  if (node !== null) node.left = at(other);
}

export function push(slot: i32, other: i32): void {
  const node = at(slot);
  const added = at(other);
  if (node !== null && added !== null) node.list.push(added);
}

export function put(slot: i32, key: i32, other: i32): void {
  const node = at(slot);
  const added = at(other);
  if (node !== null && added !== null) node.byKey.set(key, added);
}

export function lengthen(slot: i32, times: i32): void {
  const node = at(slot);
  if (node !== null) for (let i = 0; i < times; i++) node.text += "+";
}

/** The literal goes to the node, and is not reachable otherwise any more. */
export function handOver(slot: i32, number: i32): void {
  const node = at(slot);
  if (node === null || literal.length == 0) return;
  literal[0] = `first ${number}`;
  node.texts = literal;
  literal = [];
}

/** The node's literal goes back. */
export function takeBack(slot: i32): void {
  const node = at(slot);
  if (node === null) return;
  const texts = node.texts;
  if (texts !== null) literal = texts;
  node.texts = null;
}

export function collect(): void {
  __collect();
}

let hash: u32 = 0;

function mix(value: i32): void {
  hash = (hash ^ (<u32>value)) * 0x01000193;
}

function mixText(text: string): void {
  for (let i = 0; i < text.length; i++) mix(text.charCodeAt(i));
}

function walk(node: Node | null, depth: i32): void {
  if (node === null || depth == 0) {
    mix(-1);
    return;
  }
  mix(node.id);
  mixText(node.text);
  mix(node.bytes.length);
  for (let i = 0; i < node.bytes.length; i += 97) mix(node.bytes[i]);
  const texts = node.texts;
  if (texts !== null) for (let i = 0; i < texts.length; i++) mixText(texts[i]);
  walk(node.left, depth - 1);
  for (let i = 0; i < node.list.length; i++) walk(node.list[i], depth - 1);
  const keys = node.byKey.keys();
  for (let i = 0; i < keys.length; i++) {
    mix(keys[i]);
    walk(node.byKey.get(keys[i]), depth - 1);
  }
}

/** A hash of all that can be reached in three steps. */
export function digest(): u32 {
  hash = 0x811c9dc5;
  for (let i = 0; i < SLOTS; i++) walk(at(i), 3);
  return hash;
}
