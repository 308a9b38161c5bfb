// A tool of a REST API as it is configured.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Tool } from "as-proxy-wasm-sdk/mcp";
import { Security } from "../security/security";
import { SecurityRequirement } from "../security/scheme";
import { StrictReader } from "../strict-reader";
import { Argument, Position } from "./argument";
import { RequestTemplate, ResponseTemplate, Spread } from "./request-template";

export class RestTool {
  /** Sorted by name, the order in which Go writes them. */
  args: Argument[] = [];
  /** How clients authenticate; null for the server's default. */
  security: SecurityRequirement | null = null;
  request: RequestTemplate = new RequestTemplate();
  response: ResponseTemplate = new ResponseTemplate();
  /** JSON object, or empty. */
  outputSchema: Span = Span.empty();
  listed: Tool = new Tool("", "", Span.empty());

  /** Null, with an error, where the configuration cannot be used. */
  static read(config: ConfigReader, security: Security): RestTool | null {
    const reader = new StrictReader(config, "failed to parse tool config");
    const errors = config.report.errors.length;
    const tool = RestTool.declared(reader);
    if (tool === null) return null;
    const request = RequestTemplate.read(reader.child("requestTemplate"));
    const answer = reader.child("responseTemplate");
    const response = ResponseTemplate.read(answer, reader.text("errorResponseTemplate"), request.isDirect);
    if (config.report.errors.length > errors) return null;
    const problem = request.problem.length > 0 ? request.problem : response.problem;
    if (problem.length > 0) {
      config.fail(`failed to add tool ${tool.listed.name}: ${problem}`);
      return null;
    }
    tool.request = request;
    tool.response = response;
    security.check(tool.security, config);
    security.check(request.security, config);
    tool.warnOfLostArguments(reader.list("args"));
    reader.warnUnread();
    tool.args.sort((a, b) => (a.name < b.name ? -1 : 1));
    return tool;
  }

  /** What clients read of a tool, and how they authenticate, without what becomes of a call. */
  static declared(reader: StrictReader): RestTool | null {
    if (!reader.isObject) return null;
    const tool = new RestTool();
    const name = reader.text("name");
    const title = reader.text("title");
    const description = reader.text("description");
    const annotations = reader.object("annotations");
    tool.security = SecurityRequirement.read(reader.child("security"));
    const args = reader.list("args");
    for (let i = 0; i < args.length; i++) tool.addArgument(Argument.read(args[i]), args[i]);
    tool.readOutputSchema(reader);
    const listed = new Tool(name, description, tool.inputSchema(), tool.outputSchema);
    listed.title = title;
    if (annotations.size > 2) listed.more = member("annotations", annotations);
    tool.listed = listed;
    return tool;
  }

  /** Of two of one name the last counts, as in Go. */
  private addArgument(argument: Argument, reader: StrictReader): void {
    const mirror = argument.mirror.toLowerCase();
    for (let i = 0; i < this.args.length; i++) {
      const other = this.args[i];
      if (mirror.length > 0 && other.name != argument.name && other.mirror.toLowerCase() == mirror) {
        reader.fail(`mcpHeader: the argument '${other.name}' has this one`);
      }
      if (other.name != argument.name) continue;
      reader.warn(`there is another argument named '${argument.name}' before`);
      this.args[i] = argument;
      return;
    }
    this.args.push(argument);
  }

  /** The protocol knows schemas of objects only, and its clients refuse a whole list for another. */
  private readOutputSchema(reader: StrictReader): void {
    const schema = reader.object("outputSchema");
    const json = Json.read(schema);
    if (json.length() == 0) return;
    const type = json.get("type");
    if (type.kind == JsonKind.String && type.bytes().equalsAscii("object")) {
      this.outputSchema = schema;
    } else if (!type.exists) {
      const out = new Buffer(schema.size + 20);
      out.text('{"type":"object",');
      out.append(schema.slice(1));
      this.outputSchema = out.span();
    } else reader.warn("outputSchema: only schemas of type object can be listed: it is left out");
  }

  private warnOfLostArguments(readers: StrictReader[]): void {
    const request = this.request;
    if (request.isDirect || request.spread != Spread.None) return;
    for (let i = 0; i < readers.length; i++) {
      const name = readers[i].text("name");
      const argument = this.argumentNamed(name);
      if (argument === null || argument.position != Position.Unset || request.mentions(name)) continue;
      if (!request.mentions(".args}") && !request.mentions(".args "))
        readers[i].warn(
          "the request does not use this argument: it has no position and no template names it",
        );
    }
  }

  private argumentNamed(name: string): Argument | null {
    for (let i = 0; i < this.args.length; i++) if (this.args[i].name == name) return this.args[i];
    return null;
  }

  private inputSchema(): Span {
    const out = new Buffer(256);
    const json = new JsonWriter(out).object().key("type").text("object").key("properties").object();
    let required = 0;
    for (let i = 0; i < this.args.length; i++) {
      const argument = this.args[i];
      json.key(argument.name).raw(argument.schema);
      if (argument.isRequired) required++;
    }
    json.end();
    if (required > 0) {
      json.key("required").array();
      for (let i = 0; i < this.args.length; i++) {
        if (this.args[i].isRequired) json.text(this.args[i].name);
      }
      json.end();
    }
    json.end();
    return out.take();
  }
}

/** JSON of a member, without braces. */
function member(name: string, value: Span): Span {
  const out = new Buffer(value.size + 16);
  out.text(`"${name}":`);
  out.append(value);
  return out.span();
}
