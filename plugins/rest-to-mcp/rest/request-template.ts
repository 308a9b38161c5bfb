// The request to the upstream, as a tool's configuration describes it.

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { Template } from "as-proxy-wasm-sdk/template";
import { UpstreamRequest } from "../operation";
import { Cookies } from "../security/cookies";
import { Query } from "../security/query";
import { SecurityRequirement } from "../security/scheme";
import { Position } from "./argument";
import { CallArgument, CallArguments, jsonOf } from "./call-arguments";
import { Caller, JsonBodyContext, rendered, UrlContext } from "./render";
import { Target } from "./target";

const JSON_TYPE: string = "application/json; charset=utf-8";
const FORM_TYPE: string = "application/x-www-form-urlencoded";
const ONE_OF_THREE: string =
  "only one of argsToJsonBody, argsToUrlParam, or argsToFormBody can be set to true";
const MOVES_HOST: string = "arguments may not choose scheme or host";

class HeaderTemplate {
  constructor(
    /** As configured. */
    readonly key: string,
    /** As headers are sent here: in lower case, `host` as `:authority`. */
    readonly name: string,
    readonly value: Template,
  ) {}
}

export class RequestTemplate {
  /** Why the configuration cannot be used, or "". */
  error: string = "";
  readonly security: SecurityRequirement;
  /** No request is made. */
  readonly isAbsent: bool;
  private url: Template;
  private method: string;
  private headers: HeaderTemplate[] = [];
  private body: Template | null = null;
  private toJson: bool;
  private toQuery: bool;
  private toForm: bool;

  constructor(
    reader: ConfigReader,
    private keepsPlace: bool,
  ) {
    const url = reader.text("url");
    const method = reader.text("method");
    this.isAbsent = url.length == 0;
    this.security = SecurityRequirement.read(reader.child("security"));
    this.toJson = reader.flag("argsToJsonBody");
    this.toQuery = reader.flag("argsToUrlParam");
    this.toForm = reader.flag("argsToFormBody");
    this.method = method.length > 0 ? method : "GET";
    this.url = Template.compile("url", url);
    if (!this.isAbsent) this.error = this.read(reader);
  }

  /** Makes the client's request that of the call. Returns why it cannot be made, or "". */
  write(request: UpstreamRequest, data: Span, given: CallArguments, caller: Caller): string {
    const head = request.head;
    const plain = caller.plain();
    const urlContext = new UrlContext();
    const context = this.keepsPlace ? caller.introduce(urlContext) : plain;
    const url = rendered(this.url, data, context);
    if (url.error.length > 0) return `error executing URL template: ${url.error}`;
    if (urlContext.movesHost) return `error executing URL template: ${MOVES_HOST}`;
    const target = Target.of(url.text, given.at(Position.Path), this.keepsPlace);
    if (target.error.length > 0) {
      return `error parsing URL after path param substitution: ${target.error}`;
    }
    const inQuery = given.at(Position.Query, this.toQuery);
    for (let i = 0; i < inQuery.length; i++) target.query.set(inQuery[i].declared.nameBytes, inQuery[i].text);
    head.remove("accept");
    // It told of the client's message.
    head.remove("content-type");
    head.set(":method", this.method);
    head.setBytes(":path", target.pathWithQuery());
    if (!target.authority.isEmpty) head.setBytes(":authority", target.authority);
    let error = this.writeHeaders(head, data, given, caller);
    if (error.length == 0) error = this.writeBody(request, data, given, caller);
    if (!head.has("accept")) head.set("accept", "*/*");
    return error;
  }

  /** Returns the first thing that is wrong, or "". */
  private read(reader: ConfigReader): string {
    if (<i32>this.toJson + <i32>this.toQuery + <i32>this.toForm > 1) return ONE_OF_THREE;
    if (this.url.error.length > 0) return `error parsing URL template: ${this.url.error}`;
    const headers = reader.list("headers");
    for (let i = 0; i < headers.length; i++) {
      const key = headers[i].text("key");
      if (key.length == 0) {
        headers[i].warn("header without a key, ignored");
        continue;
      }
      const value = Template.compile(`header_${i}`, headers[i].text("value"));
      if (value.error.length > 0) return `error parsing header template for ${key}: ${value.error}`;
      this.headers.push(new HeaderTemplate(key, headerName(key), value));
    }
    const text = reader.text("body");
    if (text.length == 0) return "";
    const body = Template.compile("body", text);
    this.body = body;
    return body.error.length > 0 ? `error parsing body template: ${body.error}` : "";
  }

  private writeHeaders(head: Head, data: Span, given: CallArguments, caller: Caller): string {
    const context = caller.plain();
    const inHeader = given.at(Position.Header);
    // The client's own give way; several of one name are all sent.
    for (let i = 0; i < this.headers.length; i++) replaceable(head, this.headers[i].name);
    for (let i = 0; i < inHeader.length; i++) replaceable(head, headerName(inHeader[i].declared.name));
    for (let i = 0; i < this.headers.length; i++) {
      const header = this.headers[i];
      const value = rendered(header.value, data, context);
      if (value.error.length > 0) {
        return `error executing header template for ${header.key}: ${value.error}`;
      }
      if (!add(head, header.name, value.text)) return unfit("header", header.key);
    }
    for (let i = 0; i < inHeader.length; i++) {
      const name = inHeader[i].declared.name;
      if (!add(head, headerName(name), inHeader[i].text)) return unfit("header", name);
    }
    const inCookie = given.at(Position.Cookie);
    for (let i = 0; i < inCookie.length; i++) {
      const cookie = inCookie[i];
      if (!Cookies.add(head, cookie.declared.nameBytes, cookie.text)) {
        return unfit("cookie", cookie.declared.name);
      }
    }
    return "";
  }

  private writeBody(request: UpstreamRequest, data: Span, given: CallArguments, caller: Caller): string {
    const head = request.head;
    const template = this.body;
    if (template !== null) {
      const body = rendered(template, data, caller.introduce(new JsonBodyContext()));
      if (body.error.length > 0) return `error executing body template: ${body.error}`;
      request.body = body.text;
      if (Json.checked(trimAscii(body.text)).kind >= JsonKind.Array) setType(head, JSON_TYPE);
      return "";
    }
    const inBody = given.at(Position.Body, this.toJson || this.toForm);
    if (inBody.length == 0 && !this.toJson && !this.toForm) return "";
    const type = head.bytes("content-type");
    const isForm = this.toForm || (!this.toJson && type !== null && type.indexOfAscii(FORM_TYPE) >= 0);
    request.body = isForm ? formOf(inBody) : jsonOf(inBody);
    setType(head, isForm ? FORM_TYPE : JSON_TYPE);
    return "";
  }
}

/** Unless the configuration names one of the kind. */
function setType(head: Head, type: string): void {
  const present = head.bytes("content-type");
  const kind = type == FORM_TYPE ? FORM_TYPE : "application/json";
  if (present === null || present.indexOfAscii(kind) < 0) head.set("content-type", type);
}

function formOf(items: CallArgument[]): Span {
  const form = new Query();
  for (let i = 0; i < items.length; i++) form.set(items[i].declared.nameBytes, items[i].text);
  const out = new Buffer(128);
  form.write(out);
  return out.span();
}

function headerName(key: string): string {
  const name = key.toLowerCase();
  return name == "host" ? ":authority" : name;
}

function replaceable(head: Head, name: string): void {
  if (!name.startsWith(":")) head.remove(name);
}

function add(head: Head, name: string, value: Span): bool {
  return name.startsWith(":") ? head.setBytes(name, value) : head.addBytes(name, value);
}

function unfit(place: string, name: string): string {
  return `the value of ${place} ${name} holds a line break or another character that it cannot hold`;
}
