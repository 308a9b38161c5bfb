// A gjson path, taken apart once and followed in many documents: https://github.com/tidwall/gjson (SYNTAX.md).
// A path is a row of stages, each given what the one before found.

import { Span } from "../bytes";
import { Json, JsonError } from "../json";
import { Budget } from "./budget";
import { PathParser } from "./parser";
import { Query } from "./query";
import { runStages } from "./stages";

export const enum SegmentKind {
  /** The member `name`, or the item `index`. */
  Key,
  /** The first member whose name the pattern `name` matches. */
  Pattern,
  /** `#`: the number of items. */
  Length,
  /** `#.rest`: what `rest` finds in each item. */
  Each,
  /** `#(…)` and `#(…)#`: the items that a query chooses, and `rest` in them. */
  Query,
}

/** One step from a value into it. */
export class Segment {
  index: i32 = -1;
  query: Query | null = null;
  rest: GjsonPath | null = null;

  constructor(
    readonly kind: SegmentKind,
    readonly name: Span,
  ) {}
}

export const enum StageKind {
  /** `a.b.#.c`: `segments`, each applied to what the one before leads to. */
  Chain,
  /** `..`: the values of JSON lines become the items of one array. */
  Lines,
  /** `@name:argument` with the row `modifier` of the table of modifiers. */
  Modifier,
  /** `!text`: `text` whatever the document. */
  Literal,
  /** `[…]` and, with `names`, `{…}`. */
  Multipath,
}

export class Stage {
  segments: Segment[] = [];
  modifier: i32 = -1;
  /** A literal, or a modifier's argument. */
  text: Span = Span.empty();
  isObject: bool = false;
  /** Names of the members as JSON strings. */
  names: Span[] = [];
  members: GjsonPath[] = [];

  constructor(readonly kind: StageKind) {}
}

export class GjsonPath {
  /** Why the path finds nothing, or "". */
  error: string = "";
  /** Offset of the error in the path, in bytes of UTF-8; or -1. */
  errorAt: i32 = -1;
  /** For the evaluation. */
  readonly stages: Stage[] = [];

  static compile(path: string): GjsonPath {
    return GjsonPath.compileBytes(Span.text(path));
  }

  /** As `compile`; the path keeps the bytes. */
  static compileBytes(path: Span): GjsonPath {
    return new PathParser(path).parse();
  }

  /** The value that the path leads to; missing where there is none, or where the budget is exhausted. */
  find(json: Span, budget: Budget = new Budget()): Json {
    const raw = this.select(json, budget);
    return raw.isEmpty ? Json.broken(raw, JsonError.None, 0) : Json.read(raw);
  }

  /** As `find`, as JSON text: a part of the document where that is possible. Empty where there is nothing. */
  select(json: Span, budget: Budget = new Budget()): Span {
    if (this.error.length > 0 || budget.isExhausted) return Span.empty();
    const found = runStages(this.stages, json, budget);
    return budget.isExhausted ? Span.empty() : found;
  }
}
