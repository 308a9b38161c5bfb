// A tool that is an operation of a REST API.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Tool } from "as-proxy-wasm-sdk/mcp";
import { SecurityRequirement } from "../security/scheme";
import { Argument } from "./argument";
import { RequestTemplate } from "./request-template";
import { ResponseTemplate } from "./response-template";

const NOT_A_FLAG: string = "failed to parse tool config: expected true or false";

export class RestTool {
  /** Sorted by name, as templates and bodies show them. */
  readonly args: Argument[];
  /** How clients authenticate. */
  readonly security: SecurityRequirement;
  readonly request: RequestTemplate;
  readonly response: ResponseTemplate;

  private constructor(
    readonly entry: Tool,
    reader: ConfigReader,
    declared: Argument[],
    keepsPlace: bool,
  ) {
    this.args = declared.slice(0).sort((left, right) => compare(left.name, right.name));
    this.security = SecurityRequirement.read(reader.child("security"));
    const request = new RequestTemplate(reader.child("requestTemplate"), keepsPlace);
    this.request = request;
    this.response = new ResponseTemplate(
      reader.child("responseTemplate"),
      reader.text("errorResponseTemplate"),
      request.isAbsent,
      !entry.outputSchema.isEmpty,
    );
  }

  /** What is wrong is recorded in the reader's report. */
  static read(reader: ConfigReader, keepsPlace: bool): RestTool {
    const name = reader.text("name");
    const declared = argumentsOf(reader);
    const outputSchema = reader.value.get("outputSchema");
    const hasOutput = outputSchema.kind == JsonKind.Object && outputSchema.length() > 0;
    const output = reader.raw("outputSchema");
    const entry = new Tool(
      name,
      reader.text("description"),
      inputSchemaOf(declared),
      hasOutput ? output : Span.empty(),
    );
    entry.title = reader.text("title");
    if (reader.isObjectAt("annotations")) entry.more = annotationsOf(reader.raw("annotations"));
    const tool = new RestTool(entry, reader, declared, keepsPlace);
    const error = tool.request.error.length > 0 ? tool.request.error : tool.response.error;
    if (error.length > 0) reader.fail(`failed to add tool ${name}: ${error}`);
    return tool;
  }
}

/** Of several with one name the first counts. */
function argumentsOf(reader: ConfigReader): Argument[] {
  const readers = reader.list("args");
  const names = new Set<string>();
  const declared: Argument[] = [];
  for (let i = 0; i < readers.length; i++) {
    const required = readers[i].value.get("required");
    if (required.kind > JsonKind.Bool) readers[i].fail(`${NOT_A_FLAG} for required`);
    const argument = Argument.read(readers[i]);
    if (names.has(argument.name)) {
      readers[i].warn(`argument ${argument.name} is declared twice, the first counts`);
      continue;
    }
    names.add(argument.name);
    declared.push(argument);
  }
  return declared;
}

function inputSchemaOf(declared: Argument[]): Span {
  const out = new Buffer(256);
  const json = new JsonWriter(out).object().key("type").text("object").key("properties").object();
  let required = 0;
  for (let i = 0; i < declared.length; i++) {
    json.key(declared[i].name).raw(declared[i].schema);
    if (declared[i].isRequired) required++;
  }
  json.end();
  if (required > 0) {
    json.key("required").array();
    for (let i = 0; i < declared.length; i++) if (declared[i].isRequired) json.text(declared[i].name);
    json.end();
  }
  json.end();
  return out.span();
}

function annotationsOf(annotations: Span): Span {
  const out = new Buffer(annotations.size + 16);
  out.text('"annotations":');
  out.append(annotations);
  return out.span();
}

function compare(left: string, right: string): i32 {
  return left < right ? -1 : left > right ? 1 : 0;
}
