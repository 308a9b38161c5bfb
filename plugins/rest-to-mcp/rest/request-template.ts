// How a tool's request is made: its URL, method, headers and body, most of them templates.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Template } from "as-proxy-wasm-sdk/template";
import { SecurityRequirement } from "../security/scheme";
import { StrictReader } from "../strict-reader";

export class HeaderTemplate {
  constructor(
    readonly name: string,
    readonly value: Template,
  ) {}
}

/** Where arguments without a position go. */
export const enum Spread {
  None,
  JsonBody,
  Query,
  FormBody,
}

export class RequestTemplate {
  /** Null for a tool that answers by itself. */
  url: Template | null = null;
  method: string = "";
  headers: HeaderTemplate[] = [];
  body: Template | null = null;
  spread: Spread = Spread.None;
  security: SecurityRequirement | null = null;
  /** Why it cannot be used, or "". */
  problem: string = "";
  /** All that the templates say, to be searched for names. */
  private texts: string = "";

  static read(reader: StrictReader): RequestTemplate {
    const request = new RequestTemplate();
    const url = reader.text("url");
    request.method = reader.text("method");
    const headers = reader.list("headers");
    const body = reader.text("body");
    const toJson = reader.flag("argsToJsonBody");
    const toQuery = reader.flag("argsToUrlParam");
    const toForm = reader.flag("argsToFormBody");
    request.security = SecurityRequirement.read(reader.child("security"));
    const names: string[] = [];
    const values: string[] = [];
    for (let i = 0; i < headers.length; i++) {
      const name = headers[i].text("key");
      values.push(headers[i].text("value"));
      names.push(name);
      if (name.length == 0) headers[i].warn("a header without a key is left out");
      headers[i].warnUnread();
    }
    reader.warnUnread();
    if (url.length == 0) return request;
    if (<i32>toJson + <i32>toQuery + <i32>toForm > 1)
      return request.refuse(
        "only one of argsToJsonBody, argsToUrlParam, or argsToFormBody can be set to true",
      );
    request.spread = toJson
      ? Spread.JsonBody
      : toQuery
        ? Spread.Query
        : toForm
          ? Spread.FormBody
          : Spread.None;
    const template = Template.compile("url", url);
    request.url = template;
    if (template.error.length > 0) return request.refuse("error parsing URL template: " + template.error);
    for (let i = 0; i < names.length; i++) {
      if (names[i].length == 0) continue;
      const value = Template.compile("header_" + i.toString(), values[i]);
      if (value.error.length > 0)
        return request.refuse(`error parsing header template for ${names[i]}: ${value.error}`);
      request.headers.push(new HeaderTemplate(names[i].toLowerCase(), value));
      request.texts += values[i];
    }
    if (body.length > 0) {
      const text = Template.compile("body", body);
      if (text.error.length > 0) return request.refuse("error parsing body template: " + text.error);
      request.body = text;
    }
    request.texts += url + body;
    return request;
  }

  private refuse(problem: string): RequestTemplate {
    this.problem = problem;
    return this;
  }

  get isDirect(): bool {
    return this.url === null;
  }

  /** Whether anything here says the name. */
  mentions(name: string): bool {
    return this.texts.includes(name);
  }

  /** The content type that a header template sets, or empty; `values` are what the headers' templates gave. */
  contentType(values: Span[]): Span {
    for (let i = 0; i < this.headers.length && i < values.length; i++) {
      if (this.headers[i].name == "content-type") return values[i];
    }
    return Span.empty();
  }
}

/** How an upstream's answer becomes what the model reads. */
export class ResponseTemplate {
  body: Template | null = null;
  before: string = "";
  after: string = "";
  error: Template | null = null;
  /** The text is a JSON list of content items. */
  isContent: bool = false;
  /** Why it cannot be used, or "". */
  problem: string = "";

  static read(reader: StrictReader, errorText: string, isDirect: bool): ResponseTemplate {
    const response = new ResponseTemplate();
    const body = reader.text("body");
    response.before = reader.text("prependBody");
    response.after = reader.text("appendBody");
    response.isContent = reader.flag("asContent");
    reader.warnUnread();
    if (body.length > 0) {
      if (response.before.length + response.after.length > 0)
        return response.refuse("PrependBody and AppendBody cannot be used when Body is specified");
      const template = Template.compile("response", body);
      if (template.error.length > 0)
        return response.refuse("error parsing response template: " + template.error);
      response.body = template;
    } else if (isDirect) {
      return response.refuse("direct response mode must set responseTemplate.body");
    }
    if (errorText.length > 0) {
      const template = Template.compile("errorResponse", errorText);
      if (template.error.length > 0)
        return response.refuse("error parsing error response template: " + template.error);
      response.error = template;
    }
    return response;
  }

  private refuse(problem: string): ResponseTemplate {
    this.problem = problem;
    return this;
  }

  /** The answer's text between what stands around it. */
  around(text: Span): Span {
    if (this.before.length + this.after.length == 0) return text;
    const out = new Buffer(text.size + 64);
    out.text(this.before);
    out.append(text);
    out.text(this.after);
    return out.span();
  }
}
