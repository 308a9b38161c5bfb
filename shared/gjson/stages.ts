// Following the stages of a path. Recursion goes as deep as the path, never as deep as the document.

import { Buffer, Span } from "../bytes";
import { skipSpace, skipValue } from "../json/scan";
import { Budget } from "./budget";
import { modify } from "./modifiers";
import { Stage, StageKind } from "./path";
import { Walk } from "./walk";

/** What the stages find, as JSON text; empty where there is nothing. */
export function runStages(stages: Stage[], json: Span, budget: Budget): Span {
  let text = json;
  for (let i = 0; i < stages.length && !budget.isExhausted; i++) {
    const stage = stages[i];
    switch (stage.kind) {
      case StageKind.Lines:
        text = linesOf(text, budget);
        break;
      case StageKind.Modifier:
        text = modify(stage.modifier, stage.text, text, budget);
        break;
      case StageKind.Literal:
        text = stage.text;
        break;
      case StageKind.Multipath:
        text = gather(stage, text, budget);
        break;
      default: {
        const walk = new Walk(text, budget);
        walk.start(stage.segments);
        text = walk.found;
        // What a pipe leads to is asked only where the way to the pipe exists.
        if (!walk.isReached) return Span.empty();
      }
    }
    if (text.size > budget.maxBytes) return Span.empty();
  }
  return text;
}

/** The members of a multipath that are found, as an array or object. */
function gather(stage: Stage, json: Span, budget: Budget): Span {
  const out = new Buffer(64);
  out.push(stage.isObject ? 0x7b : 0x5b);
  for (let i = 0; i < stage.members.length && out.size <= budget.maxBytes; i++) {
    const found = stage.members[i].select(json, budget);
    if (found.isEmpty) continue;
    if (out.size > 1) out.push(0x2c);
    if (stage.isObject) {
      out.append(stage.names[i]);
      out.push(0x3a);
    }
    budget.spend(<i64>found.size);
    out.append(found);
  }
  out.push(stage.isObject ? 0x7d : 0x5d);
  return out.span();
}

/** Values one behind the other, as an array. */
function linesOf(json: Span, budget: Budget): Span {
  const out = new Buffer(json.size + 2);
  out.push(0x5b);
  let at = json.start;
  while (true) {
    at = skipSpace(at, json.end);
    const after = skipValue(at, json.end);
    if (after == 0) break;
    if (out.size > 1) out.push(0x2c);
    out.append(new Span(json.owner, at, <i32>(after - at)));
    at = after;
    if (!budget.spend(8)) break;
  }
  budget.spend(<i64>json.size);
  out.push(0x5d);
  return out.span();
}
