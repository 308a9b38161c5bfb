// Templates in Go's text/template language over JSON: fields are gjson paths, values fragments of the document.

import { Buffer, Span } from "../bytes";
import { Budget } from "../gjson";
import { Json, JsonKind } from "../json";
import { TemplateContext } from "./context";
import { Guard } from "./guard";
import { Execution } from "./execution";
import { Node, NodeKind } from "./node";
import { Parser } from "./parser";
import { Value } from "./value";

export class Template {
  /** `template: NAME:LINE:COLUMN: REASON` where the template cannot be used, else "". */
  error: string = "";
  /** Of the error, both from 1; columns count bytes. */
  line: i32 = 0;
  column: i32 = 0;

  private root: Node = new Node(NodeKind.List, 0);
  /** Null where there is none. */
  private definitions: Map<string, Node> | null = null;

  private constructor(
    readonly name: string,
    private source: Span,
  ) {}

  /** Compiles the text once; `name` is what errors call it. */
  static compile(name: string, text: string): Template {
    const template = new Template(name, Span.text(text));
    const parser = new Parser(template.source);
    template.root = parser.parse();
    template.definitions = parser.definitions;
    if (parser.error.length > 0) {
      template.line = template.lineOf(parser.errorAt);
      template.column = template.columnOf(parser.errorAt) + 1;
      const at = ":" + template.line.toString() + ":" + template.column.toString() + ": ";
      template.error = "template: " + name + at + parser.error;
    }
    return template;
  }

  /**
   * Appends the rendering of the data, a JSON object or array. Returns why it failed, in Go's words, or "";
   * then nothing is appended. With a guard the data but for what the guard trusts is a stranger's.
   */
  render(
    out: Buffer,
    data: Span,
    context: TemplateContext,
    budget: Budget = new Budget(),
    guard: Guard | null = null,
  ): string {
    if (this.error.length > 0) return this.error;
    const json = Json.checked(data);
    if (json.kind < JsonKind.Array)
      return "template: " + this.name + ": data must be a valid JSON object or array";
    budget.spend(data.size);
    const execution = new Execution(this.definitions, context, budget, guard);
    execution.render(this.root, new Value(json.kind, json.raw(), guard !== null));
    if (execution.error.length > 0) return this.explain(execution);
    out.append(execution.out.span());
    return "";
  }

  private explain(execution: Execution): string {
    const node = execution.errorNode;
    if (node === null) return "template: " + this.name + ": " + execution.error;
    const at = ":" + this.lineOf(node.at).toString() + ":" + this.columnOf(node.at).toString() + ": ";
    const where = this.source
      .slice(node.at, min(max(node.end, node.at), node.at + 200))
      .toString()
      .trim();
    const whole = "template: " + this.name + at + 'executing "' + this.name + '" at <' + where + ">: ";
    return whole + execution.error;
  }

  private lineOf(at: i32): i32 {
    let line = 1;
    for (let i = 0; i < min(at, this.source.size); i++) if (this.source.at(i) == 0x0a) line++;
    return line;
  }

  /** Bytes before the offset on its line. */
  private columnOf(at: i32): i32 {
    return at - 1 - this.source.slice(0, at).lastIndexOf(0x0a);
  }
}
