// How an upstream's answer becomes the tool's result.

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, encodeBase64, isUtf8, lowerAscii, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ToolResult } from "as-proxy-wasm-sdk/mcp";
import { Template } from "as-proxy-wasm-sdk/template";
import { UpstreamAnswer } from "../operation";
import { Caller, rendered } from "./render";

const BODY_ALONE: string = "PrependBody and AppendBody cannot be used when Body is specified";
const NEEDS_BODY: string = "direct response mode must set responseTemplate.body";

export class ResponseTemplate {
  /** Why the configuration cannot be used, or "". */
  error: string = "";
  private body: Template | null = null;
  private failure: Template | null = null;
  private before: Span;
  private behind: Span;

  /** `errorTemplate` is the text of `errorResponseTemplate`. */
  constructor(
    reader: ConfigReader,
    errorTemplate: string,
    isDirect: bool,
    /** The tool has an output schema: results carry data. */
    private isStructured: bool,
  ) {
    this.before = Span.text(reader.text("prependBody"));
    this.behind = Span.text(reader.text("appendBody"));
    this.error = this.read(reader.text("body"), errorTemplate, isDirect);
  }

  /** Returns the first thing that is wrong, or "". */
  private read(text: string, errorText: string, isDirect: bool): string {
    if (text.length == 0 && isDirect) return NEEDS_BODY;
    if (text.length > 0) {
      if (!this.before.isEmpty || !this.behind.isEmpty) return BODY_ALONE;
      const body = Template.compile("response", text);
      this.body = body;
      if (body.error.length > 0) return `error parsing response template: ${body.error}`;
    }
    if (errorText.length == 0) return "";
    const failure = Template.compile("errorResponse", errorText);
    this.failure = failure;
    return failure.error.length > 0 ? `error parsing error response template: ${failure.error}` : "";
  }

  /** The result of a tool that makes no request. */
  direct(data: Span, caller: Caller): ToolResult {
    const template = this.body;
    if (template === null) return ToolResult.failure(NEEDS_BODY);
    const text = rendered(template, data, caller.plain());
    if (text.error.length > 0) return ToolResult.failure(`error executing response template: ${text.error}`);
    return this.success(text.text, text.text);
  }

  result(answer: UpstreamAnswer, caller: Caller): ToolResult {
    const encoding = answer.head.bytes("content-encoding");
    if (encoding !== null && !encoding.isEmpty && !encoding.equalsAscii("identity")) {
      return ToolResult.failure("the upstream's answer is compressed, though it was asked not to be");
    }
    if (answer.status < 200 || answer.status >= 300) return this.failed(answer, caller);
    const type = answer.head.bytes("content-type");
    const lower = type === null ? Span.empty() : lowerAscii(trimAscii(type));
    if (lower.startsWithAscii("image/")) {
      const semicolon = lower.indexOf(0x3b);
      const data = new Buffer((answer.body.size / 3 + 1) * 4);
      encodeBase64(data, answer.body);
      return new ToolResult().image(
        data.span(),
        trimAscii(semicolon < 0 ? lower : lower.slice(0, semicolon)),
      );
    }
    const template = this.body;
    if (template === null) return this.success(this.framed(answer.body), answer.body);
    const text = rendered(template, answer.body, caller.plain());
    if (text.error.length > 0) return ToolResult.failure(`error executing response template: ${text.error}`);
    return this.success(text.text, answer.body);
  }

  /** `json` is where data is looked for; MCP has it objects only. */
  private success(text: Span, json: Span): ToolResult {
    const result = new ToolResult().text(text.isEmpty ? Span.text("success") : text);
    if (this.isStructured) {
      const data = Json.checked(json);
      if (data.kind == JsonKind.Object) result.structured = data.raw();
    }
    return result;
  }

  private failed(answer: UpstreamAnswer, caller: Caller): ToolResult {
    const result = new ToolResult();
    result.isError = true;
    const template = this.failure;
    if (template !== null) {
      const text = rendered(template, failureData(answer), caller.plain());
      if (text.error.length > 0) {
        return ToolResult.failure(`error executing error response template: ${text.error}`);
      }
      if (!text.text.isEmpty) return result.text(text.text);
    }
    const out = new Buffer(answer.body.size + 48);
    out.text(`call failed, status: ${answer.status}, response: `);
    out.append(answer.body);
    return result.text(out.span());
  }

  private framed(body: Span): Span {
    if (this.before.isEmpty && this.behind.isEmpty) return body;
    const out = new Buffer(this.before.size + body.size + this.behind.size);
    out.append(this.before);
    out.append(body);
    out.append(this.behind);
    return out.span();
  }
}

/** The answer's JSON object with `_headers`; of another body `_body` has the text. */
function failureData(answer: UpstreamAnswer): Span {
  const out = new Buffer(answer.body.size + 512);
  const json = new JsonWriter(out).object();
  const body = Json.checked(answer.body);
  if (body.kind == JsonKind.Object) {
    const members = body.members();
    while (members.next()) {
      if (!members.keyBytes().equalsAscii("_headers"))
        json.keyBytes(members.keyBytes()).raw(members.value.raw());
    }
  }
  writeHeaders(json.key("_headers"), answer.head);
  if (body.kind != JsonKind.Object) {
    json.key("_body").bytes(isUtf8(answer.body) ? answer.body : Span.text(answer.body.toString()));
  }
  json.end();
  return out.span();
}

/** Of several values the last counts. */
function writeHeaders(json: JsonWriter, head: Head): void {
  const last = new Map<string, Span>();
  const pairs = head.pairs();
  while (pairs.next()) last.set(pairs.name.toString(), pairs.value);
  const names = last.keys();
  json.object();
  for (let i = 0; i < names.length; i++) json.key(names[i]).bytes(last.get(names[i]));
  json.end();
}
