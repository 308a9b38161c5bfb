// The upstream's request, made of the tool's templates and the call's arguments. Nothing is sent before all of it can
// be made.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, decodeBase64, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { Budget } from "as-proxy-wasm-sdk/gjson";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Guard, Template, TemplateContext } from "as-proxy-wasm-sdk/template";
import { UpstreamRequest } from "../operation";
import { addCookie } from "../security/cookies";
import { Parameters } from "../security/query";
import { withQuery } from "../security/security";
import { Position } from "./argument";
import { ArgumentValues } from "./argument-values";
import { JsonGuard, UrlGuard } from "./guards";
import { pathWithArguments } from "./path-arguments";
import { Multipart, MULTIPART_TYPE } from "./multipart";
import { plainJson, plainText } from "./plain-json";
import { Spread } from "./request-template";
import { RestTool } from "./rest-tool";
import { ServerConfig } from "./server-config";
import { Url } from "./url";

const JSON_TYPE: string = "application/json; charset=utf-8";
const FORM_TYPE: string = "application/x-www-form-urlencoded";
/** Steps of a template and bytes that it makes. */
export const MAX_STEPS: i64 = 1 << 28;
export const MAX_BYTES: i32 = 32 << 20;

/** What of a client's request says something about its body, its connection or its way, and nothing to an upstream. */
const CLIENT_ONLY: string[] = [
  "accept",
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
];

export class RequestBuilder {
  /** Why the request cannot be made, or "". */
  error: string = "";
  private url: Url = new Url();
  private headers: Span[] = [];
  private body: Span = Span.empty();
  private contentType: string = "";

  constructor(
    private tool: RestTool,
    private values: ArgumentValues,
    private config: ServerConfig,
    private data: Span,
    private context: TemplateContext,
    private encodes: bool,
  ) {
    this.makeUrl();
    this.makeHeaders();
    this.makeBody();
  }

  /** Makes the request of a client's; false where a header cannot hold its value, and `error` tells which. */
  write(request: UpstreamRequest): bool {
    const head = request.head;
    for (let i = 0; i < CLIENT_ONLY.length; i++) head.remove(CLIENT_ONLY[i]);
    head.set("x-envoy-original-method", head.method);
    head.set("x-envoy-original-path", head.path);
    head.set("x-envoy-original-host", head.authority);
    this.setHead(
      head,
      ":method",
      Span.text(this.tool.request.method.length > 0 ? this.tool.request.method : "GET"),
    );
    this.setHead(head, ":path", withQuery(this.url.path, this.parameters()));
    if (!this.url.authority.isEmpty) this.setHead(head, ":authority", this.url.authority);
    this.writeHeaders(head);
    if (this.contentType.length > 0 && !head.has("content-type")) head.set("content-type", this.contentType);
    if (!head.has("accept")) head.set("accept", "*/*");
    request.body = this.body;
    return this.error.length == 0;
  }

  private fail(error: string): void {
    if (this.error.length == 0) this.error = error;
  }

  private setHead(head: Head, name: string, value: Span): void {
    if (!head.setBytes(name, value)) this.fail(`${name} has a character that a header cannot hold`);
  }

  private render(template: Template, what: string, guard: Guard | null): Span {
    const out = new Buffer(256);
    const error = template.render(out, this.data, this.context, new Budget(MAX_STEPS, MAX_BYTES), guard);
    if (error.length > 0) this.fail(`error executing ${what}: ${error}`);
    return out.span();
  }

  private makeUrl(): void {
    const template = this.tool.request.url;
    if (template === null) return;
    const rendered = this.render(template, "URL template", new UrlGuard(this.config, this.encodes));
    if (this.error.length > 0) return;
    const text = new Buffer(rendered.size + 64);
    this.fail(pathWithArguments(text, trimAscii(rendered), this.values, this.encodes));
    this.url = Url.read(text.span());
    if (this.url.error.length > 0)
      this.fail("error parsing URL after path param substitution: " + this.url.error);
    const segment = this.encodes ? this.url.strayingSegment : "";
    if (segment.length > 0) this.fail(`the path would leave its place: it has the segment ${segment}`);
  }

  private makeHeaders(): void {
    const templates = this.tool.request.headers;
    for (let i = 0; i < templates.length && this.error.length == 0; i++) {
      this.headers.push(this.render(templates[i].value, `header template for ${templates[i].name}`, null));
    }
  }

  /** Each replaces what the client has sent under its name; of several of one name all are sent. */
  private writeHeaders(head: Head): void {
    const templates = this.tool.request.headers;
    const written: string[] = [];
    const cookies = new Buffer(64);
    for (let i = 0; i < templates.length && i < this.headers.length; i++) {
      const name = templates[i].name;
      if (name == "cookie") {
        if (!cookies.isEmpty) cookies.text("; ");
        cookies.append(this.headers[i]);
      } else this.writeHeader(head, name, this.headers[i], written);
    }
    for (let i = 0; i < this.values.args.length; i++) {
      const value = this.values.values[i];
      const argument = this.values.args[i];
      if (value.isEmpty) continue;
      const text = argument.notation.text(Json.read(value));
      if (argument.position == Position.Header) {
        this.writeHeader(head, argument.sentAs.toLowerCase(), text, written);
      } else if (argument.position == Position.Cookie) addCookie(cookies, Span.text(argument.sentAs), text);
    }
    if (!cookies.isEmpty) this.writeHeader(head, "cookie", cookies.span(), written);
  }

  private writeHeader(head: Head, name: string, value: Span, written: string[]): void {
    const isSet = written.includes(name) ? head.addBytes(name, value) : head.setBytes(name, value);
    if (!isSet) this.fail(`header ${name} has a character that a header cannot hold`);
    written.push(name);
  }

  private parameters(): Parameters {
    const parameters = this.url.parameters;
    const isSpread = this.tool.request.spread == Spread.Query;
    for (let i = 0; i < this.values.args.length; i++) {
      const argument = this.values.args[i];
      const value = this.values.values[i];
      if (value.isEmpty) continue;
      if (argument.position != Position.Query && !(isSpread && argument.position == Position.Unset)) continue;
      parameters.remove(argument.sentAs);
      argument.notation.addTo(parameters, argument.sentAs, Json.read(value));
    }
    return parameters;
  }

  private makeBody(): void {
    if (this.error.length > 0) return;
    const request = this.tool.request;
    const template = request.body;
    if (template !== null) {
      this.body = this.render(template, "body template", new JsonGuard(this.config));
      if (Json.checked(trimAscii(this.body)).kind >= JsonKind.Array) this.contentType = JSON_TYPE;
    } else if (request.spread == Spread.JsonBody) this.jsonBody(true);
    else if (request.spread == Spread.FormBody) this.formBody(true);
    else if (this.hasBodyArguments()) {
      const type = request.contentType(this.headers);
      if (type.indexOfAscii(FORM_TYPE) >= 0) this.formBody(false);
      else if (type.startsWithAscii(MULTIPART_TYPE)) this.multipartBody();
      else if (!this.fileBody()) this.jsonBody(false);
    }
  }

  private hasBodyArguments(): bool {
    for (let i = 0; i < this.values.args.length; i++) if (this.isInBody(i, false)) return true;
    return false;
  }

  private isInBody(i: i32, withUnset: bool): bool {
    const position = this.values.args[i].position;
    if (this.values.values[i].isEmpty) return false;
    return position == Position.Body || (withUnset && position == Position.Unset);
  }

  private jsonBody(withUnset: bool): void {
    const out = new Buffer(this.values.size + 256);
    const json = new JsonWriter(out).object();
    for (let i = 0; i < this.values.args.length; i++) {
      if (!this.isInBody(i, withUnset)) continue;
      json.key(this.values.args[i].sentAs).raw(plainJson(Json.read(this.values.values[i])));
    }
    json.end();
    this.body = out.span();
    this.contentType = JSON_TYPE;
  }

  private formBody(withUnset: bool): void {
    const form = new Parameters();
    for (let i = 0; i < this.values.args.length; i++) {
      if (!this.isInBody(i, withUnset)) continue;
      const argument = this.values.args[i];
      argument.notation.addTo(form, argument.sentAs, Json.read(this.values.values[i]));
    }
    this.body = form.encode();
    this.contentType = FORM_TYPE;
  }

  /** The bytes of a file alone; false where there is none. */
  private fileBody(): bool {
    for (let i = 0; i < this.values.args.length; i++) {
      const argument = this.values.args[i];
      if (!argument.isFile || !this.isInBody(i, false)) continue;
      const bytes = decodeBase64(plainText(Json.read(this.values.values[i])));
      if (bytes === null) this.fail(`argument ${argument.name}: expected base64`);
      else this.body = bytes;
      return true;
    }
    return false;
  }

  private multipartBody(): void {
    const form = new Multipart();
    for (let i = 0; i < this.values.args.length; i++) {
      if (this.isInBody(i, false)) form.add(this.values.args[i], Json.read(this.values.values[i]));
    }
    this.fail(form.error);
    this.body = form.body();
    for (let i = 0; i < this.headers.length; i++) {
      if (this.tool.request.headers[i].name == "content-type") this.headers[i] = Span.text(form.type);
    }
  }
}
