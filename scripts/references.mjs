// Where a managed object refers to others, as data. The compiler writes a visitor per class, a call per field; in one
// function behind a switch they become the largest of the module, and V8 needs memory for it that Envoy keeps for ever
// (docs/decisions/2026-11-23-memory-of-compilation.md). Here a class whose visitor does nothing but visit its fields is
// a set of words, and one loop visits them. Other visitors, of arrays and maps, are called as before.

import { binaryen } from "./binaryen.mjs";

const VISIT_MEMBERS = "~lib/rt/__visit_members";
const OBJECT = 0;
const COOKIE = 1;
const WORDS = 2;
const WORD_BYTES = 4;
/** A set of words is an i64. */
const MOST_WORDS = 64n;
/** From a managed object back to the id of its class. */
const CLASS_ID = 8;
const INVALID = "~invalid";
const LEAF = "~leaf";
const REFERENCES = "~references";

/** A transform of the compiler: https://www.assemblyscript.org/compiler.html#transforms */
export const references = {
  afterCompile(module) {
    const members = module.getFunction(VISIT_MEMBERS);
    if (members === 0) return;
    const cases = casesOf(binaryen.getFunctionInfo(members).body).map((name) => caseOf(module, name));
    const visit = cases.find((one) => one.visit !== undefined)?.visit;
    if (visit === undefined) return;
    module.removeFunction(VISIT_MEMBERS);
    const { i32, none } = binaryen;
    const parameters = binaryen.createType([i32, i32]);
    module.addFunction(VISIT_MEMBERS, parameters, none, [binaryen.i64], dispatch(module, cases, visit));
  },
};

/** The names of all classes by id: the labels of the compiler's switch. */
function casesOf(body) {
  let at = body;
  while (binaryen.getExpressionId(at) === binaryen.BlockId) at = binaryen.Block.getChildAt(at, 0);
  if (binaryen.getExpressionId(at) !== binaryen.SwitchId) throw new Error(`${VISIT_MEMBERS} is not a switch`);
  return binaryen.getExpressionInfo(at).names;
}

/**
 * What is to be done for a class: nothing, `words` with `visit`, or a call of its `visitor`.
 *
 * @returns {{ label: string, words?: bigint, visit?: string, visitor?: string }}
 */
function caseOf(module, name) {
  const visitor = `${name}~visit`;
  if (module.getFunction(visitor) === 0) return { label: LEAF };
  const fields = fieldsOf(module, visitor);
  if (fields === undefined) return { label: visitor, visitor };
  if (fields.words === 0n) return { label: LEAF };
  return { label: `~words ${fields.words}`, ...fields };
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

function statements(body) {
  if (binaryen.getExpressionId(body) !== binaryen.BlockId) return [body];
  return binaryen.getExpressionInfo(body).children;
}

function isLocal(info, index) {
  return info.id === binaryen.LocalGetId && info.index === index;
}

/** The switch, then the loop over the words that it left. */
function dispatch(module, cases, visit) {
  const { i32, i64, local } = module;
  const object = () => local.get(OBJECT, binaryen.i32);
  const cookie = () => local.get(COOKIE, binaryen.i32);
  const words = () => local.get(WORDS, binaryen.i64);
  const classId = i32.load(0, WORD_BYTES, i32.sub(object(), i32.const(CLASS_ID)));
  const labels = cases.map(({ label }) => label);
  let body = module.switch(labels, INVALID, classId);
  for (const [label, one] of new Map(cases.map((one) => [one.label, one]))) {
    const then =
      one.words === undefined
        ? [
            ...(one.visitor ? [module.call(one.visitor, [object(), cookie()], binaryen.none)] : []),
            module.return(),
          ]
        : [local.set(WORDS, i64.const(one.words)), module.br(REFERENCES)];
    body = module.block(null, [module.block(label, [body]), ...then]);
  }
  const field = i32.add(object(), i32.shl(i32.wrap(i64.ctz(words())), i32.const(2)));
  return module.block(null, [
    module.block(REFERENCES, [module.block(INVALID, [body]), module.unreachable()]),
    module.loop(
      "next",
      module.block(null, [
        module.call(visit, [i32.load(0, WORD_BYTES, field), cookie()], binaryen.none),
        local.set(WORDS, i64.and(words(), i64.sub(words(), i64.const(1n)))),
        module.br("next", i64.ne(words(), i64.const(0n))),
      ]),
    ),
  ]);
}
