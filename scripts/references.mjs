// What the collector goes through, as data. The compiler writes a visitor per class, a call per field, behind a switch
// over all classes, and a branch per global: two of the largest functions of a module, and V8 needs memory for them that
// Envoy keeps for ever (docs/decisions/2026-11-23-memory-of-compilation.md). Here a class is a set of the words of its
// objects that refer to others, and one loop visits them; static objects that globals hold are a list. Visitors that do
// something else, those of arrays and maps, are called as before.

import { binaryen } from "./binaryen.mjs";

const VISIT_MEMBERS = "~lib/rt/__visit_members";
const VISIT_GLOBALS = "~lib/rt/__visit_globals";
const HEAP_BASE = "~lib/memory/__heap_base";
const STACK_POINTER = "~lib/memory/__stack_pointer";
const MEMORY = "0";
const PAGE = 65_536;
const ALIGNMENT = 16;
const NO_MAXIMUM = -1;
/** Of `__visit_members`. */
const OBJECT = 0;
const COOKIE = 1;
const WORDS = 2;
/** Of `__visit_globals`. */
const ROOTS_COOKIE = 0;
const ROOT = 1;
const WORD_BYTES = 4;
/** A class is an i64. Its highest bit says that the others are not words but the number of a visitor. */
const CLASS_BYTES = 8;
const MOST_WORDS = 63n;
const CALLS_VISITOR = 1n << 63n;
/** From a managed object back to the id of its class. */
const CLASS_ID = 8;

/** A transform of the compiler: https://www.assemblyscript.org/compiler.html#transforms */
export const references = {
  afterCompile(module) {
    // The incremental collector takes what is in front of the heap for its stack.
    if (module.getFunction(VISIT_MEMBERS) === 0 || module.getGlobal(STACK_POINTER) !== 0) return;
    const { classes, visitors, visit } = classesOf(module);
    if (visit === undefined) return;
    const { roots, others } = rootsOf(module, visit);
    const data = new DataView(new ArrayBuffer(classes.length * CLASS_BYTES + roots.length * WORD_BYTES));
    classes.forEach((words, id) => data.setBigUint64(id * CLASS_BYTES, words, true));
    const rootsAt = classes.length * CLASS_BYTES;
    roots.forEach((root, i) => data.setUint32(rootsAt + i * WORD_BYTES, root, true));
    const place = addStaticData(module, new Uint8Array(data.buffer));
    const { i32, i64, none } = binaryen;
    module.removeFunction(VISIT_MEMBERS);
    const members = visitMembers(module, place, visitors, visit);
    module.addFunction(VISIT_MEMBERS, binaryen.createType([i32, i32]), none, [i64], members);
    module.removeFunction(VISIT_GLOBALS);
    const globals = visitGlobals(module, place + rootsAt, roots.length, others, visit);
    module.addFunction(VISIT_GLOBALS, i32, none, [i32], globals);
  },
};

/** All classes by id; the `visitors` that are to be called; the function `visit` that takes one reference. */
function classesOf(module) {
  const visitors = [];
  const classes = [];
  let visit;
  for (const name of classNames(module)) {
    const visitor = `${name}~visit`;
    const exists = module.getFunction(visitor) !== 0;
    const fields = exists ? fieldsOf(module, visitor) : { words: 0n };
    visit ??= fields?.visit;
    classes.push(fields?.words ?? CALLS_VISITOR | BigInt(visitors.push(visitor) - 1));
  }
  return { classes, visitors, visit };
}

/** The names of all classes by id: the labels of the compiler's switch. */
function classNames(module) {
  let at = binaryen.getFunctionInfo(module.getFunction(VISIT_MEMBERS)).body;
  while (binaryen.getExpressionId(at) === binaryen.BlockId) at = binaryen.Block.getChildAt(at, 0);
  if (binaryen.getExpressionId(at) !== binaryen.SwitchId) throw new Error(`${VISIT_MEMBERS} is not a switch`);
  return binaryen.getExpressionInfo(at).names;
}

/** The fields that a visitor visits, those of the class's base included; undefined if it does something else. */
function fieldsOf(module, visitor) {
  const fields = { words: 0n, visit: undefined };
  for (const one of statements(binaryen.getFunctionInfo(module.getFunction(visitor)).body)) {
    if (binaryen.getExpressionId(one) === binaryen.NopId) continue;
    const info = binaryen.getExpressionInfo(one);
    if (info.id !== binaryen.CallId || info.operands.length !== 2) return undefined;
    const [subject, cookie] = info.operands.map((operand) => binaryen.getExpressionInfo(operand));
    if (!isLocal(cookie, COOKIE)) return undefined;
    let added;
    if (isLocal(subject, OBJECT) && info.target.endsWith("~visit")) {
      added = fieldsOf(module, info.target);
    } else if (subject.id === binaryen.LoadId && isLocal(binaryen.getExpressionInfo(subject.ptr), OBJECT)) {
      const word = BigInt(subject.offset / WORD_BYTES);
      if (word < MOST_WORDS) added = { words: 1n << word, visit: info.target };
    }
    if (added === undefined) return undefined;
    fields.words |= added.words;
    fields.visit ??= added.visit;
  }
  return fields;
}

/** What globals hold: addresses of static objects, and the names of those that hold different objects over time. */
function rootsOf(module, visit) {
  const roots = [];
  const others = [];
  for (const one of statements(binaryen.getFunctionInfo(module.getFunction(VISIT_GLOBALS)).body)) {
    let info = binaryen.getExpressionInfo(one);
    // if ((object = global)) visit(object, cookie)
    if (info.id === binaryen.IfId) info = binaryen.getExpressionInfo(info.condition);
    const held = info.id === binaryen.CallId && info.target === visit ? info.operands[0] : info.value;
    const root = held === undefined ? undefined : binaryen.getExpressionInfo(held);
    if (root?.id === binaryen.ConstId) roots.push(root.value);
    else if (root?.id === binaryen.GlobalGetId) others.push(root.name);
    else throw new Error(`${VISIT_GLOBALS} visits what is no global`);
  }
  return { roots, others };
}

function statements(body) {
  if (binaryen.getExpressionId(body) !== binaryen.BlockId) return [body];
  return binaryen.getExpressionInfo(body).children;
}

function isLocal(info, index) {
  return info.id === binaryen.LocalGetId && info.index === index;
}

/** Lays `bytes` out in front of the heap; returns their address. */
function addStaticData(module, bytes) {
  const segments = [];
  for (let i = 0; i < module.getNumDataSegments(); i++) {
    const { offset, data } = module.getDataSegmentInfo(module.getDataSegmentByIndex(i));
    segments.push({ offset: module.i32.const(offset), data: new Uint8Array(data) });
  }
  const base = binaryen.getGlobalInfo(module.getGlobal(HEAP_BASE)).init;
  const place = Math.ceil(binaryen.getExpressionInfo(base).value / ALIGNMENT) * ALIGNMENT;
  const end = place + bytes.length;
  segments.push({ offset: module.i32.const(place), data: bytes });
  const { initial, max } = module.getMemoryInfo(MEMORY);
  const pages = Math.max(initial, Math.ceil(end / PAGE));
  module.setMemory(pages, max ?? NO_MAXIMUM, null, segments, false, false, MEMORY);
  module.removeGlobal(HEAP_BASE);
  module.addGlobal(HEAP_BASE, binaryen.i32, false, module.i32.const(end));
  return place;
}

/**
 *     words = load(classes + object.classId * CLASS_BYTES);
 *     if (words < 0) switch (words) { … visitor(object, cookie) … }
 *     else for (; words != 0; words &= words - 1) visit(load(object + ctz(words) * WORD_BYTES), cookie);
 */
function visitMembers(module, classes, visitors, visit) {
  const { i32, i64, local } = module;
  const object = () => local.get(OBJECT, binaryen.i32);
  const cookie = () => local.get(COOKIE, binaryen.i32);
  const words = () => local.get(WORDS, binaryen.i64);
  const classId = i32.load(0, WORD_BYTES, i32.sub(object(), i32.const(CLASS_ID)));
  const field = i32.add(object(), i32.shl(i32.wrap(i64.ctz(words())), i32.const(2)));
  const fields = module.loop(
    "next",
    module.if(
      i64.ne(words(), i64.const(0n)),
      module.block(null, [
        module.call(visit, [i32.load(0, WORD_BYTES, field), cookie()], binaryen.none),
        local.set(WORDS, i64.and(words(), i64.sub(words(), i64.const(1n)))),
        module.br("next"),
      ]),
    ),
  );
  const load = i64.load(classes, CLASS_BYTES, i32.shl(classId, i32.const(3)));
  const body = [local.set(WORDS, load)];
  if (visitors.length === 0) return module.block(null, [...body, fields]);
  let cases = module.switch(visitors, "fields", i32.wrap(words()));
  for (const visitor of visitors) {
    const call = module.call(visitor, [object(), cookie()], binaryen.none);
    cases = module.block(null, [module.block(visitor, [cases]), call, module.return()]);
  }
  body.push(module.if(i64.lt_s(words(), i64.const(0n)), cases));
  return module.block(null, [module.block("fields", body), fields]);
}

/**
 *     for (root = roots; root < roots + count * WORD_BYTES; root += WORD_BYTES) visit(load(root), cookie);
 *     visit(global, cookie); …
 */
function visitGlobals(module, roots, count, others, visit) {
  const { i32, local } = module;
  const root = () => local.get(ROOT, binaryen.i32);
  const visited = (object) =>
    module.call(visit, [object, local.get(ROOTS_COOKIE, binaryen.i32)], binaryen.none);
  const body = others.map((name) => visited(module.global.get(name, binaryen.i32)));
  if (count === 0) return module.block(null, body);
  const loop = module.loop(
    "next",
    module.block(null, [
      visited(i32.load(0, WORD_BYTES, root())),
      local.set(ROOT, i32.add(root(), i32.const(WORD_BYTES))),
      module.br("next", i32.lt_u(root(), i32.const(roots + count * WORD_BYTES))),
    ]),
  );
  return module.block(null, [local.set(ROOT, i32.const(roots)), loop, ...body]);
}
