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

export class Node {
  /** Of List: statements. Of Pipeline: commands. Of Command: operands. */
  children: Node[] = [];
  /** The pipeline of a statement, the inside of a chain. */
  pipeline: Node | null = null;
  body: Node | null = null;
  otherwise: Node | null = null;
  names: string[] = [];
  isAssignment: bool = false;
  path: GjsonPath | null = null;
  row: i32 = -1;
  value: Value = Value.missing();
  /** Offset after the node in the source. */
  end: i32 = 0;

  constructor(
    readonly kind: NodeKind,
    /** Offset of the node in the source. */
    readonly at: i32,
    /** Text, a variable's or template's name, a path. */
    readonly text: Span = Span.empty(),
  ) {}
}
