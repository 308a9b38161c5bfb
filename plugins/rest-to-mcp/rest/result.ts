// An upstream's answer as the result of a tool: text, an image or sound for the model, data for programs.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, encodeBase64, lowerAscii, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { Budget } from "as-proxy-wasm-sdk/gjson";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ToolResult } from "as-proxy-wasm-sdk/mcp";
import { Template, TemplateContext } from "as-proxy-wasm-sdk/template";
import { UpstreamAnswer } from "../operation";
import { addContent } from "./content";
import { MAX_BYTES, MAX_STEPS } from "./request-builder";
import { RestTool } from "./rest-tool";
import { mismatch } from "./schema-check";

/** What the answer means. */
export function resultOf(tool: RestTool, answer: UpstreamAnswer, context: TemplateContext): ToolResult {
  const encoding = answer.head.bytes("content-encoding");
  if (encoding !== null && !encoding.isEmpty && !encoding.equalsAscii("identity"))
    return ToolResult.failure(`the upstream's answer is encoded (${encoding.toString()}) and cannot be read`);
  if (answer.status < 200 || answer.status > 299) return failureOf(tool, answer, context);
  const mime = mimeTypeOf(answer.head);
  const isImage = mime.startsWithAscii("image/");
  if (isImage || mime.startsWithAscii("audio/")) {
    const base64 = new Buffer((answer.body.size / 3 + 1) * 4);
    encodeBase64(base64, answer.body);
    return new ToolResult().media(isImage ? "image" : "audio", base64.span(), mime);
  }
  const template = tool.response.body;
  if (template === null) return worded(tool, tool.response.around(answer.body), answer.body);
  const out = new Buffer(answer.body.size + 64);
  const error = rendered(out, template, answer.body, context);
  if (error.length > 0) return ToolResult.failure("error executing response template: " + error);
  return worded(tool, out.span(), answer.body);
}

/** The result of a tool that asks no upstream: its template, over the arguments. */
export function directResult(tool: RestTool, data: Span, context: TemplateContext): ToolResult {
  const template = tool.response.body;
  const out = new Buffer(256);
  if (template === null) return ToolResult.failure("the tool has no response template");
  const error = rendered(out, template, data, context);
  if (error.length > 0) return ToolResult.failure("error executing response template: " + error);
  return worded(tool, out.span(), out.span());
}

function rendered(out: Buffer, template: Template, data: Span, context: TemplateContext): string {
  return template.render(out, data, context, new Budget(MAX_STEPS, MAX_BYTES));
}

/** `text` for the model; `json` for programs, where the tool says what it looks like. */
function worded(tool: RestTool, text: Span, json: Span): ToolResult {
  const result = new ToolResult();
  if (!tool.outputSchema.isEmpty) {
    const value = Json.checked(json);
    const problem = value.exists
      ? mismatch(value, Json.read(tool.outputSchema), "")
      : "expected JSON, found " + (json.isEmpty ? "nothing" : "other text");
    if (problem.length > 0) {
      result.isError = true;
      result.text(Span.text("the tool's answer is not what its output schema says: " + problem));
    } else result.structured = value.raw();
  }
  if (tool.response.isContent) {
    const problem = addContent(result, Json.checked(text));
    return problem.length > 0 ? ToolResult.failure("the tool's answer is no content: " + problem) : result;
  }
  return result.text(text.isEmpty ? Span.text("success") : text);
}

function failureOf(tool: RestTool, answer: UpstreamAnswer, context: TemplateContext): ToolResult {
  const template = tool.response.error;
  if (template !== null) {
    const out = new Buffer(256);
    const error = rendered(out, template, errorData(answer), context);
    if (error.length > 0) return ToolResult.failure("error executing error response template: " + error);
    if (!out.isEmpty) return failure(out.span());
  }
  const out = new Buffer(answer.body.size + 64);
  out.text(`call failed, status: ${answer.status}, response: `);
  out.append(answer.body);
  return failure(out.span());
}

function failure(text: Span): ToolResult {
  const result = new ToolResult().text(text);
  result.isError = true;
  return result;
}

/** The answer's object with its headers as `_headers`; of an answer that is no object, `_body` is the text. */
function errorData(answer: UpstreamAnswer): Span {
  const out = new Buffer(answer.body.size + 256);
  const json = new JsonWriter(out).object();
  const body = Json.checked(answer.body);
  if (body.kind == JsonKind.Object) {
    const members = body.members();
    while (members.next()) {
      if (!members.keyBytes().equalsAscii("_headers"))
        json.keyBytes(members.keyBytes()).raw(members.value.raw());
    }
  } else json.key("_body").bytes(answer.body);
  json.key("_headers").object();
  const names: string[] = [];
  const values: Span[] = [];
  const pairs = answer.head.pairs();
  while (pairs.next()) {
    const name = pairs.name.toString();
    const index = names.indexOf(name);
    if (index >= 0) values[index] = pairs.value;
    else {
      names.push(name);
      values.push(pairs.value);
    }
  }
  for (let i = 0; i < names.length; i++) json.key(names[i]).bytes(values[i]);
  json.end().end();
  return out.span();
}

/** The content type without its parameters, in lower case. */
function mimeTypeOf(head: Head): Span {
  const type = head.bytes("content-type");
  if (type === null) return Span.empty();
  const end = type.indexOf(0x3b);
  return lowerAscii(trimAscii(type.slice(0, end < 0 ? type.size : end)));
}
