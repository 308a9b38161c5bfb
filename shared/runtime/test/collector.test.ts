// The collector against a model: what can be reached is as it was, and what cannot is used again.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { loadProbe, type Probe } from "../../../host-test/testing/probe.ts";

const slotCount = 32;

interface Node {
  id: number;
  text: string;
  size: number;
  left: Node | undefined;
  list: Node[];
  byKey: Map<number, Node>;
  texts: string[] | undefined;
}

/** The probe's graph, in JavaScript. */
class Model {
  readonly slots: (Node | undefined)[] = new Array<Node | undefined>(slotCount).fill(undefined);
  #literal = ["one", "two"];
  #hash = 0;

  apply([name, slot, number, other]: Step): void {
    const node = this.slots[slot];
    const second = this.slots[other % slotCount];
    if (name === "make") {
      const text = `node ${number}`;
      const links = { left: undefined, list: [], byKey: new Map<number, Node>(), texts: undefined };
      this.slots[slot] = { id: number, text, size: other, ...links };
    } else if (name === "drop") this.slots[slot] = undefined;
    else if (node === undefined) return;
    else if (name === "setLeft") node.left = second;
    else if (name === "push") node.list.push(...(second ? [second] : []));
    else if (name === "put" && second !== undefined) node.byKey.set(number, second);
    else if (name === "lengthen") node.text += "+".repeat(number);
    else if (name === "handOver" && this.#literal.length > 0) {
      node.texts = [`first ${number}`, this.#literal[1]!];
      this.#literal = [];
    } else if (name === "takeBack") {
      this.#literal = node.texts ?? this.#literal;
      node.texts = undefined;
    }
  }

  digest(): number {
    this.#hash = 0x811c9dc5;
    for (const node of this.slots) this.#walk(node, 3);
    return this.#hash;
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193) >>> 0;
  }

  #mixText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  #walk(node: Node | undefined, depth: number): void {
    if (node === undefined || depth === 0) return this.#mix(-1);
    this.#mix(node.id);
    this.#mixText(node.text);
    this.#mix(node.size);
    for (let i = 0; i < node.size; i += 97) this.#mix(node.id & 0xff);
    for (const text of node.texts ?? []) this.#mixText(text);
    this.#walk(node.left, depth - 1);
    for (const next of node.list) this.#walk(next, depth - 1);
    for (const [key, next] of node.byKey) {
      this.#mix(key);
      this.#walk(next, depth - 1);
    }
  }
}

type Step = readonly [name: (typeof names)[number], slot: number, number: number, other: number];
const names = [
  ...["make", "make", "make", "drop", "setLeft", "push", "put", "lengthen"],
  ...["handOver", "takeBack", "collect"],
] as const;

const slot = fc.nat(slotCount - 1);
/** Around the largest cell, and far above. */
const size = fc.oneof(fc.nat(64), fc.integer({ min: 440, max: 540 }), fc.nat(20_000));
const step: fc.Arbitrary<Step> = fc
  .constantFrom(...names)
  .chain((name) => fc.tuple(fc.constant(name), slot, fc.nat(40), name === "make" ? size : slot));

/** A fresh probe per run: the model begins with nothing too. */
async function fresh(): Promise<Probe> {
  return loadProbe("shared/runtime/test/probe.ts");
}

function run({ exports }: Probe, [name, at, number, other]: Step): void {
  if (name === "make") exports.make!(at, number, other);
  else if (name === "put") exports.put!(at, number, other);
  else if (name === "drop" || name === "takeBack") exports[name]!(at);
  else if (name === "lengthen" || name === "handOver") exports[name]!(at, number);
  else if (name === "collect") exports.collect!();
  else exports[name]!(at, other);
}

test("whatever is linked, cut and collected, what can be reached is as it was", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 50, maxLength: 400, size: "max" }), async (steps) => {
      const probe = await fresh();
      const model = new Model();
      for (const each of steps) {
        run(probe, each);
        model.apply(each);
        if (each[0] === "collect") expect(probe.exports.digest!() >>> 0).toBe(model.digest());
      }
      probe.exports.collect!();
      expect(probe.exports.digest!() >>> 0).toBe(model.digest());
    }),
    { numRuns: 15 },
  );
});

describe("memory", () => {
  let probe: Probe;
  beforeAll(async () => {
    probe = await fresh();
  });
  const pages = () => probe.memory.buffer.byteLength / 65_536;

  test("what cannot be reached is used again: a thousand rounds take what ten take", () => {
    const round = (number: number) => {
      for (let i = 0; i < slotCount; i++) probe.exports.make!(i, number, (i * 131 * (number % 7)) % 9000);
      for (let i = 0; i < slotCount; i++) probe.exports.push!(i, (i + 1) % slotCount);
      for (let i = 0; i < slotCount; i++) probe.exports.lengthen!(i, 9);
      probe.exports.collect!();
    };
    for (let i = 0; i < 10; i++) round(i);
    const before = pages();
    for (let i = 0; i < 1000; i++) round(i);
    expect(pages()).toBe(before);
  });

  test("a ring that nothing refers to goes", () => {
    const before = pages();
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < slotCount; i++) probe.exports.make!(i, i, 8000);
      for (let i = 0; i < slotCount; i++) probe.exports.setLeft!(i, (i + 1) % slotCount);
      for (let i = 0; i < slotCount; i++) probe.exports.drop!(i);
      probe.exports.collect!();
    }
    expect(pages()).toBeLessThanOrEqual(2 * before);
  });
});
