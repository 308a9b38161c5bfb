// A template as a tree. Nodes do not change once the template is compiled.

import { Span } from "../bytes";
import { GjsonPath } from "../gjson";
import { Value } from "./value";

export const enum NodeKind {
  // Statements
  List,
  Text,
  /** `{{pipeline}}` */
  Print,
  If,
  With,
  Range,
  /** `{{template "name" pipeline}}` */
  Call,
  Break,
  Continue,
  // Expressions
  /** `children` are commands; `names` are declared or assigned. */
  Pipeline,
  /** `children` are a function or value and its arguments. */
  Command,
  Dot,
  /** `$name`; `path` where fields follow. */
  Variable,
  /** `.a.b` */
  Field,
  /** `(pipeline).a.b` */
  Chain,
  /** A function's name; `row` is its row. */
  Function,
  Literal,
  Nil,
}

// A template has many nodes and most hold little: what is empty is shared.
const NO_NODES: Node[] = [];
const NO_NAMES: string[] = [];
const NO_TEXT = Span.empty();
const NOTHING = Value.missing();

export class Node {
  /** Of List: statements. Of Pipeline: commands. Of Command: operands. `add` adds to them. */
  children: Node[] = NO_NODES;
  /** The pipeline of a statement, the inside of a chain. */
  pipeline: Node | null = null;
  body: Node | null = null;
  otherwise: Node | null = null;
  names: string[] = NO_NAMES;
  isAssignment: bool = false;
  path: GjsonPath | null = null;
  row: i32 = -1;
  value: Value = NOTHING;
  /** Offset after the node in the source. */
  end: i32 = 0;

  constructor(
    readonly kind: NodeKind,
    /** Offset of the node in the source. */
    readonly at: i32,
    /** Text, a variable's or template's name, a path. */
    readonly text: Span = NO_TEXT,
  ) {}

  add(child: Node): void {
    if (this.children === NO_NODES) this.children = [child];
    else this.children.push(child);
  }

  addName(name: string): void {
    if (this.names === NO_NAMES) this.names = [name];
    else this.names.push(name);
  }
}
