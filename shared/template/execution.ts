// One rendering. Recursion goes as deep as the template's blocks and calls, which are bounded.

import { Buffer, Span } from "../bytes";
import { Budget } from "../gjson";
import { JsonKind, Json } from "../json";
import { pointSize } from "./code-point";
import { TemplateContext } from "./context";
import { callFunction, checkArguments, isLogical, readsDot, takesPiped } from "./functions";
import { Guard } from "./guard";
import { Node, NodeKind } from "./node";
import { Value } from "./value";

/** Templates that call one another. */
const MAX_CALLS = 40;

const enum Flow {
  Next,
  Break,
  Continue,
}

export class Execution {
  out: Buffer = new Buffer(256);
  /** Why the rendering failed, or "". */
  error: string = "";
  errorNode: Node | null = null;

  private names: string[] = [];
  private values: Value[] = [];
  private flow: Flow = Flow.Next;
  private calls: i32 = 0;
  private data: Value = Value.missing();

  constructor(
    private definitions: Map<string, Node> | null,
    readonly context: TemplateContext,
    readonly budget: Budget,
    private guard: Guard | null,
  ) {}

  get failed(): bool {
    return this.error.length > 0;
  }

  render(root: Node, data: Value): void {
    this.data = data;
    this.declare("$", data);
    this.list(root, data);
  }

  /** Ends the rendering; the first error counts. Returns a value to go on with. */
  fail(error: string): Value {
    if (this.error.length == 0) this.error = error;
    return Value.missing();
  }

  /** Counts what was made; false where it is too much. */
  spend(bytes: i32): bool {
    if (!this.budget.spend(<i64>bytes + 1)) this.fail("the template takes too many steps");
    if (bytes > this.budget.maxBytes || this.out.size > this.budget.maxBytes)
      this.fail("the output is too large");
    return !this.failed;
  }

  private failAt(node: Node, error: string): Value {
    if (this.failed) return Value.missing();
    this.errorNode = node;
    return this.fail(error);
  }

  private declare(name: string, value: Value): void {
    this.names.push(name);
    this.values.push(value);
  }

  private variable(name: string): i32 {
    let i = this.names.length - 1;
    while (i > 0 && this.names[i] != name) i--;
    return i;
  }

  private leave(scope: i32): void {
    this.names.length = scope;
    this.values.length = scope;
  }

  private list(node: Node, dot: Value): void {
    const scope = this.names.length;
    const statements = node.children;
    for (let i = 0; i < statements.length && this.flow == Flow.Next && !this.failed; i++) {
      this.statement(statements[i], dot);
    }
    this.leave(scope);
  }

  private statement(node: Node, dot: Value): void {
    this.spend(0);
    switch (node.kind) {
      case NodeKind.Text:
        this.write(node.text);
        return;
      case NodeKind.Print: {
        const value = this.pipeline(node.pipeline, dot);
        const pipeline = node.pipeline;
        if (pipeline !== null && pipeline.names.length == 0) this.print(node, value);
        return;
      }
      case NodeKind.If:
      case NodeKind.With:
        this.branch(node, dot);
        return;
      case NodeKind.Range:
        this.range(node, dot);
        return;
      case NodeKind.Call:
        this.call(node, dot);
        return;
      case NodeKind.Break:
        this.flow = Flow.Break;
        return;
      case NodeKind.Continue:
        this.flow = Flow.Continue;
    }
  }

  private write(text: Span): void {
    if (this.spend(text.size)) this.out.append(text);
  }

  private print(node: Node, value: Value): void {
    const guard = this.guard;
    if (guard === null || !value.isForeign || this.failed) return this.write(value.text);
    // Escaped text is up to six times as long.
    if (!this.spend(value.text.size * 2)) return;
    const problem = guard.write(this.out, value);
    if (problem.length > 0) this.failAt(node, problem);
  }

  private branch(node: Node, dot: Value): void {
    const scope = this.names.length;
    const value = this.pipeline(node.pipeline, dot);
    const isTaken = value.isTrue;
    const chosen = isTaken ? node.body : node.otherwise;
    if (chosen !== null) this.list(chosen, isTaken && node.kind == NodeKind.With ? value : dot);
    this.leave(scope);
  }

  private call(node: Node, dot: Value): void {
    const name = node.text.toString();
    const value = node.pipeline === null ? Value.missing() : this.pipeline(node.pipeline, dot);
    const definitions = this.definitions;
    if (definitions === null || !definitions.has(name)) {
      this.failAt(node, 'template "' + name + '" not defined');
      return;
    }
    const body = definitions.get(name);
    if (++this.calls > MAX_CALLS)
      this.failAt(node, "exceeded maximum template depth (" + MAX_CALLS.toString() + ")");
    if (!this.failed) {
      const names = this.names;
      const values = this.values;
      this.names = ["$"];
      this.values = [value];
      this.list(body, value);
      this.names = names;
      this.values = values;
      this.flow = Flow.Next;
    }
    this.calls--;
  }

  private range(node: Node, dot: Value): void {
    const scope = this.names.length;
    const pipeline = node.pipeline;
    const body = node.body;
    const value = this.pipeline(pipeline, dot, false);
    if (pipeline === null || body === null || this.failed) return;
    let turns = 0;
    if (!this.spend(value.isContainer ? value.text.size : 0)) return;
    if (value.kind == JsonKind.Array) {
      const items = Json.read(value.text).items();
      while (this.turns && items.next()) {
        this.turn(
          pipeline,
          body,
          Value.integer(turns++),
          Value.json(items.value.raw()).marked(value.isForeign),
        );
      }
    } else if (value.kind == JsonKind.Object) {
      const members = Json.read(value.text).members();
      while (this.turns && members.next()) {
        turns++;
        const key = Value.string(members.keyBytes()).marked(value.isForeign);
        this.turn(pipeline, body, key, Value.json(members.value.raw()).marked(value.isForeign));
      }
    } else if (value.isString) {
      for (let at = 0; this.turns && at < value.text.size; turns++) {
        const size = pointSize(value.text, at);
        const point = Value.string(value.text.slice(at, at + size)).marked(value.isForeign);
        this.turn(pipeline, body, Value.integer(at), point);
        at += size;
      }
    } else if (value.isNumber && value.number() > 0) {
      if (pipeline.names.length > 1)
        this.failAt(
          pipeline,
          "can't use " + value.text.toString() + " to iterate over more than one variable",
        );
      const count = value.integer();
      for (let i: i64 = 0; this.turns && i < count; i++) {
        const number = Value.integer(i);
        this.turn(pipeline, body, number, number);
        turns = 1;
      }
    } else if (!value.isNil && !value.isNumber) {
      this.failAt(pipeline, "range can't iterate over " + value.text.toString());
    }
    if (this.flow == Flow.Break) this.flow = Flow.Next;
    this.leave(scope);
    const otherwise = node.otherwise;
    if (turns == 0 && otherwise !== null && !this.failed) this.list(otherwise, dot);
  }

  private get turns(): bool {
    return !this.failed && this.flow != Flow.Break;
  }

  private turn(pipeline: Node, body: Node, key: Value, value: Value): void {
    const names = pipeline.names;
    const scope = this.names.length;
    for (let i = 0; i < names.length; i++) {
      const bound = i == 0 && names.length > 1 ? key : value;
      if (pipeline.isAssignment) this.values[this.variable(names[i])] = bound;
      else this.declare(names[i], bound);
    }
    this.spend(8);
    this.list(body, value);
    this.leave(scope);
    if (this.flow == Flow.Continue) this.flow = Flow.Next;
  }

  /** The value of the last command; declares or assigns what the pipeline names, unless a range does. */
  private pipeline(node: Node | null, dot: Value, assigns: bool = true): Value {
    if (node === null) return Value.missing();
    let value = Value.missing();
    for (let i = 0; i < node.children.length && !this.failed; i++) {
      value = this.command(node.children[i], dot, i > 0 ? value : null);
    }
    for (let i = 0; assigns && i < node.names.length; i++) {
      if (node.isAssignment) this.values[this.variable(node.names[i])] = value;
      else this.declare(node.names[i], value);
    }
    return value;
  }

  private command(node: Node, dot: Value, piped: Value | null): Value {
    const operands = node.children;
    const first = operands[0];
    if (!this.spend(0)) return Value.missing();
    if (first.kind == NodeKind.Function) return this.function_(node, dot, piped);
    const hasArguments = operands.length > 1 || piped !== null;
    if (!hasArguments) {
      if (first.kind == NodeKind.Nil) return this.failAt(first, "nil is not a command");
      return this.operand(first, dot);
    }
    const text = first.value.text.toString();
    if (first.path !== null) return this.failAt(first, text + " is not a method but has arguments");
    return this.failAt(first, "can't give argument to non-function " + text);
  }

  private operand(node: Node, dot: Value): Value {
    let value = dot;
    switch (node.kind) {
      case NodeKind.Literal:
        return node.value;
      case NodeKind.Nil:
        return Value.nil();
      case NodeKind.Function: {
        const command = new Node(NodeKind.Command, node.at);
        command.add(node);
        command.end = node.end;
        return this.function_(command, dot, null);
      }
      case NodeKind.Variable:
        value = this.values[this.variable(node.text.toString())];
        break;
      case NodeKind.Chain:
        value = this.pipeline(node.pipeline, dot);
        break;
    }
    const path = node.path;
    if (path === null || this.failed) return value;
    if (!value.isContainer) return Value.missing();
    const isForeign = value.isForeign && !this.isTrusted(value, node.value.text);
    return Value.json(path.select(value.text, this.budget)).marked(isForeign);
  }

  /** Whether the path leads into that part of the data which is no stranger's. */
  private isTrusted(value: Value, path: Span): bool {
    const guard = this.guard;
    return guard !== null && value === this.data && guard.trusts(path);
  }

  /** Whether what a function gives is made of what strangers have said. Truth values and numbers say nothing. */
  private isForeign(called: Node, values: Value[], dot: Value, result: Value): bool {
    const guard = this.guard;
    if (guard === null || result.kind == JsonKind.Bool || result.isNumber || guard.cleans(called.text))
      return false;
    if (readsDot(called.row) && dot.isForeign && !(values.length > 0 && this.isTrusted(dot, values[0].text)))
      return true;
    for (let i = 0; i < values.length; i++) if (values[i].isForeign) return true;
    return false;
  }

  private function_(node: Node, dot: Value, piped: Value | null): Value {
    const operands = node.children;
    const called = operands[0];
    const row = called.row;
    const values: Value[] = [];
    const stop = isLogical(row);
    for (let i = 1; i < operands.length && !this.failed; i++) {
      const value = this.operand(operands[i], dot);
      values.push(value);
      // What it is given a function may read.
      this.spend(value.text.size);
      // `and` and `or` give the value that decides.
      if (stop != 0 && value.isTrue == stop < 0) return value;
    }
    // A missing value that is piped is no argument, unless the function needs one.
    if (piped !== null && takesPiped(row, values.length, piped.kind == JsonKind.Missing)) values.push(piped);
    if (this.failed) return Value.missing();
    const problem = checkArguments(row, values.length);
    if (problem.length > 0) return this.failAt(called, problem);
    const result = callFunction(row, values, dot, this);
    if (this.failed && this.errorNode === null) {
      this.errorNode = node;
      if (!this.budget.isExhausted && this.out.size <= this.budget.maxBytes)
        this.error = "error calling " + called.text.toString() + ": " + this.error;
    }
    this.spend(result.text.size);
    return result.marked(this.isForeign(called, values, dot, result));
  }
}
