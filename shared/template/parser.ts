// Go's text/template grammar: https://pkg.go.dev/text/template (parse). What it refuses, this refuses.

import { Span } from "../bytes";
import { GjsonPath } from "../gjson";
import { isSpace, Lexer, inQuotes, Token } from "./lexer";
import { functionNamed } from "./functions";
import { Node, NodeKind } from "./node";
import { readNumberLiteral } from "./number-literal";
import { Value } from "./value";

/** Blocks and parentheses within one another. */
const MAX_DEPTH = 60;
const MAX_SIZE = 1 << 20;

const keywords = "if with range end else define block template break continue".split(" ");

export class Parser {
  error: string = "";
  errorAt: i32 = 0;
  /** Null where there is none. */
  definitions: Map<string, Node> | null = null;

  private lexer: Lexer;
  private variables: string[] = ["$"];
  private depth: i32 = 0;
  private rangeDepth: i32 = 0;
  /** White space before the present text goes. */
  private trims: bool = false;
  /** What ended the list read last: `end`, `else`, or nothing at the end of the source. */
  private stop: string = "";
  private stopAt: i32 = 0;

  constructor(private source: Span) {
    this.lexer = new Lexer(source);
  }

  parse(): Node {
    if (this.source.size > MAX_SIZE) this.fail("the template is too long", 0);
    const list = this.list(true);
    if (this.stop.length > 0) this.fail("unexpected {{" + this.stop + "}}", this.stopAt);
    return list;
  }

  private get failed(): bool {
    return this.error.length > 0;
  }

  /** Statements up to `end`, `else` or the end of the source. */
  private list(isTop: bool): Node {
    const list = new Node(NodeKind.List, this.lexer.at);
    this.stop = "";
    if (++this.depth > MAX_DEPTH) this.fail("blocks are nested too deeply", this.lexer.at);
    while (!this.failed) {
      const isAction = this.text(list);
      if (!isAction) break;
      const at = this.lexer.at;
      this.advance();
      const statement = this.statement(isTop, at);
      if (statement !== null) list.add(statement);
      if (this.stop.length > 0) break;
    }
    this.depth--;
    return list;
  }

  /** Text up to an action, comments left out. False at the end of the source. */
  private text(list: Node): bool {
    const source = this.source;
    while (!this.failed) {
      let start = this.lexer.at;
      const open = source.indexOfAscii("{{", start);
      const end = open < 0 ? source.size : open;
      if (this.trims) while (start < end && isSpace(source.at(start))) start++;
      this.trims = false;
      let to = end;
      let inside = end + 2;
      if (open >= 0 && source.at(inside) == 0x2d && isSpace(source.at(inside + 1))) {
        while (to > start && isSpace(source.at(to - 1))) to--;
        inside += 2;
      }
      if (to > start) list.add(new Node(NodeKind.Text, start, source.slice(start, to)));
      this.lexer.at = open < 0 ? end : inside;
      if (open < 0) return false;
      if (source.at(inside) != 0x2f || source.at(inside + 1) != 0x2a) return true;
      if (!this.comment(inside)) break;
    }
    return false;
  }

  private comment(at: i32): bool {
    const end = this.source.indexOfAscii("*/", at + 2);
    if (end < 0) return this.fail("unclosed comment", at);
    this.lexer.at = end + 2;
    this.lexer.next();
    if (this.lexer.token != Token.Close) return this.fail("comment ends before closing delimiter", end);
    this.trims = this.lexer.trimsAfter;
    return true;
  }

  /** The statement whose first token is present, or null where it leaves nothing to do. */
  private statement(isTop: bool, at: i32): Node | null {
    this.space();
    const lexer = this.lexer;
    if (lexer.token != Token.Identifier) return this.print();
    const word = lexer.text.toString();
    if (word == "if") return this.control(NodeKind.If, word);
    if (word == "with") return this.control(NodeKind.With, word);
    if (word == "range") return this.control(NodeKind.Range, word);
    if (word == "template") return this.call(false);
    if (word == "block") return this.call(true);
    if (word == "define") {
      if (!isTop || this.depth > 1) this.fail("unexpected {{define}}", at);
      else this.define();
      return null;
    }
    if (word == "break" || word == "continue") {
      const node = new Node(word == "break" ? NodeKind.Break : NodeKind.Continue, lexer.start);
      if (this.rangeDepth == 0) this.fail("{{" + word + "}} outside {{range}}", node.at);
      this.advance();
      this.close(word);
      return node;
    }
    if (word == "end" || word == "else") {
      this.stopAt = at;
      this.advance();
      this.space();
      this.stop = word;
      // `else if` and `else with` go on in the same action.
      if (word == "else" && lexer.token == Token.Identifier) this.stop += " " + lexer.text.toString();
      else this.close(word);
      return null;
    }
    return this.print();
  }

  private print(): Node {
    const node = new Node(NodeKind.Print, this.lexer.start);
    node.pipeline = this.pipeline("command", Token.Close);
    this.closed();
    return node;
  }

  private control(kind: NodeKind, word: string): Node {
    const node = new Node(kind, this.lexer.start);
    const scope = this.variables.length;
    if (++this.depth > MAX_DEPTH) this.fail("blocks are nested too deeply", node.at);
    this.advance();
    node.pipeline = this.pipeline(word, Token.Close);
    this.closed();
    if (kind == NodeKind.Range) this.rangeDepth++;
    node.body = this.inner();
    if (kind == NodeKind.Range) this.rangeDepth--;
    if (this.stop == "else " + word && kind != NodeKind.Range) {
      const list = new Node(NodeKind.List, this.lexer.start);
      list.add(this.control(kind, word));
      node.otherwise = list;
    } else if (this.stop == "else") {
      node.otherwise = this.inner();
      this.ends(word);
    } else this.ends(word);
    this.stop = "";
    this.variables.length = scope;
    this.depth--;
    return node;
  }

  private ends(word: string): void {
    if (this.stop == "end") return;
    if (this.stop.length == 0)
      this.fail("unexpected end of the template: {{end}} of {{" + word + "}} expected", this.source.size);
    else this.fail("expected {{end}} of {{" + word + "}}, found {{" + this.stop + "}}", this.stopAt);
  }

  /** A list with variables of its own. */
  private inner(): Node {
    const scope = this.variables.length;
    const list = this.list(false);
    this.variables.length = scope;
    return list;
  }

  private define(): void {
    this.advance();
    this.space();
    const name = this.name("define");
    this.advance();
    this.close("define");
    this.definition(name, "define");
  }

  private definition(name: string, word: string): void {
    const outer = this.variables;
    const ranges = this.rangeDepth;
    this.variables = ["$"];
    this.rangeDepth = 0;
    const body = this.list(false);
    this.ends(word);
    this.stop = "";
    this.variables = outer;
    this.rangeDepth = ranges;
    if (this.failed) return;
    let definitions = this.definitions;
    if (definitions === null) definitions = this.definitions = new Map<string, Node>();
    if (definitions.has(name)) this.fail("template " + name + " is defined twice", body.at);
    else definitions.set(name, body);
  }

  private call(isBlock: bool): Node {
    const word = isBlock ? "block" : "template";
    const at = this.lexer.start;
    this.advance();
    this.space();
    const name = this.name(word);
    const node = new Node(NodeKind.Call, at, Span.text(name));
    this.advance();
    this.space();
    if (this.lexer.token != Token.Close) node.pipeline = this.pipeline(word, Token.Close);
    else if (isBlock) this.fail("missing value for block clause", this.lexer.start);
    this.closed();
    node.end = this.lexer.start;
    if (isBlock) this.definition(name, word);
    return node;
  }

  private name(word: string): string {
    if (this.lexer.token != Token.String) this.unexpected("the name of a template after " + word);
    return this.lexer.value.toString();
  }

  /** A pipeline up to the token `end`, which stays the present one. */
  private pipeline(context: string, end: Token): Node {
    const lexer = this.lexer;
    this.space();
    const node = new Node(NodeKind.Pipeline, lexer.start);
    if (++this.depth > MAX_DEPTH) this.fail("parentheses are nested too deeply", lexer.start);
    if (lexer.token == Token.Variable) this.declaration(node, context == "range");
    while (!this.failed) {
      this.space();
      if (lexer.token == end) {
        if (node.children.length == 0) this.fail("missing value for " + context, lexer.start);
        break;
      }
      const command = this.command(end);
      if (command.children.length == 0) {
        if (!this.failed) this.unexpected("a value");
        break;
      }
      const first = command.children[0].kind;
      if (
        node.children.length > 0 &&
        (first == NodeKind.Literal || first == NodeKind.Nil || first == NodeKind.Dot)
      )
        this.fail(
          "non executable command in pipeline stage " + (node.children.length + 1).toString(),
          command.at,
        );
      node.add(command);
      if (lexer.token == Token.Pipe) {
        this.advance();
        this.space();
        if (lexer.token == end) this.fail("missing value for " + context, lexer.start);
      } else if (lexer.token != end) this.unexpected("the end of " + context);
    }
    node.end = lexer.start;
    this.depth--;
    return node;
  }

  /** `$x :=`, `$x =` and in a range also `$x, $y :=`; else the lexer goes back. */
  private declaration(node: Node, inRange: bool): void {
    const lexer = this.lexer;
    const start = lexer.start;
    while (lexer.token == Token.Variable) {
      const name = lexer.text.toString();
      this.advance();
      this.space();
      const isDeclared = lexer.token == Token.Declare;
      if (isDeclared || lexer.token == Token.Assign) {
        node.addName(name);
        node.isAssignment = !isDeclared;
        for (let i = 0; i < node.names.length; i++) {
          if (isDeclared) this.variables.push(node.names[i]);
          else if (!this.variables.includes(node.names[i])) this.undefined(node.names[i], start);
        }
        this.advance();
        return;
      }
      if (lexer.token != Token.Comma || !inRange || node.names.length > 0) {
        if (lexer.token == Token.Comma) this.fail("too many declarations", lexer.start);
        break;
      }
      node.addName(name);
      this.advance();
      this.space();
      if (lexer.token != Token.Variable) this.unexpected("a second variable");
    }
    if (node.names.length > 0 && !this.failed) this.unexpected(":= after two variables");
    node.names.length = 0;
    if (this.failed) return;
    lexer.at = start;
    this.advance();
  }

  private command(end: Token): Node {
    const lexer = this.lexer;
    const node = new Node(NodeKind.Command, lexer.start);
    while (!this.failed) {
      const operand = this.operand();
      if (operand === null) break;
      node.add(operand);
      if (lexer.token == Token.Space) {
        this.space();
        continue;
      }
      if (lexer.token != Token.Pipe && lexer.token != end) this.unexpected("a space, a pipe or the end");
      break;
    }
    node.end = lexer.start;
    return node;
  }

  /** One operand with its fields, or null where none starts. */
  private operand(): Node | null {
    const lexer = this.lexer;
    const at = lexer.start;
    let node: Node;
    switch (lexer.token) {
      case Token.Identifier:
        node = this.identifier();
        break;
      case Token.Dot:
        node = new Node(NodeKind.Dot, at);
        break;
      case Token.Variable:
        node = new Node(NodeKind.Variable, at, lexer.text);
        if (!this.variables.includes(lexer.text.toString())) this.undefined(lexer.text.toString(), at);
        break;
      case Token.Field:
        node = new Node(NodeKind.Field, at);
        return this.fields(node);
      case Token.String:
        node = new Node(NodeKind.Literal, at);
        node.value = Value.string(lexer.value);
        break;
      case Token.Character:
        node = new Node(NodeKind.Literal, at);
        node.value = Value.integer(lexer.number);
        break;
      case Token.Number:
        node = new Node(NodeKind.Literal, at);
        node.value = readNumberLiteral(lexer.text);
        if (node.value.isNil) this.fail("bad number syntax: " + inQuotes(lexer.text), at);
        break;
      case Token.Open:
        this.advance();
        node = new Node(NodeKind.Chain, at);
        node.pipeline = this.pipeline("parenthesized pipeline", Token.End);
        break;
      default:
        return null;
    }
    this.advance();
    if (lexer.token != Token.Field) {
      node.end = lexer.start;
      return node;
    }
    if (node.kind == NodeKind.Literal || node.kind == NodeKind.Nil || node.kind == NodeKind.Dot)
      this.fail("unexpected . after term " + inQuotes(this.source.slice(at, lexer.start)), lexer.start);
    return this.fields(node);
  }

  /** Joins the fields that follow to one path of the operand. */
  private fields(node: Node): Node {
    const lexer = this.lexer;
    const start = lexer.start;
    while (lexer.token == Token.Field) this.advance();
    const path = this.source.slice(start + 1, lexer.start);
    if (node.kind == NodeKind.Function)
      this.fail("a function has no fields: parentheses are expected", start);
    node.path = GjsonPath.compileBytes(path);
    node.value = Value.string(path);
    node.end = lexer.start;
    return node;
  }

  private identifier(): Node {
    const name = this.lexer.text;
    const at = this.lexer.start;
    let node: Node;
    const isTrue = name.equalsAscii("true");
    if (isTrue || name.equalsAscii("false")) {
      node = new Node(NodeKind.Literal, at);
      node.value = Value.bool(isTrue);
    } else if (name.equalsAscii("nil")) node = new Node(NodeKind.Nil, at);
    else {
      node = new Node(NodeKind.Function, at, name);
      node.row = functionNamed(name.toString());
      if (node.row < 0) {
        if (keywords.includes(name.toString())) this.unexpected("a value");
        else this.fail("function " + inQuotes(name) + " not defined", at);
      }
    }
    return node;
  }

  private undefined(name: string, at: i32): void {
    this.fail('undefined variable "' + name + '"', at);
  }

  private space(): void {
    if (this.lexer.token == Token.Space) this.advance();
  }

  private advance(): void {
    this.lexer.next();
    if (this.lexer.token == Token.Error) this.fail(this.lexer.error, this.lexer.start);
  }

  /** The action ends here. */
  private close(word: string): void {
    this.space();
    if (this.lexer.token != Token.Close) this.unexpected("}} after " + word);
    this.closed();
  }

  private closed(): void {
    this.trims = this.lexer.token == Token.Close && this.lexer.trimsAfter;
  }

  private unexpected(wanted: string): void {
    const text = this.lexer.text;
    const found = text.isEmpty ? "end" : inQuotes(text);
    this.fail("unexpected " + found + ": " + wanted + " is expected", this.lexer.start);
  }

  private fail(error: string, at: i32): bool {
    if (this.error.length == 0) {
      this.error = error;
      this.errorAt = at;
    }
    return false;
  }
}
