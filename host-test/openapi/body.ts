// The body of an operation as arguments of its tool: the members of an object or of a form one by one, anything else
// as one argument.

import { argumentOf, hasParts, type Argument } from "./argument.ts";
import { membersOf, membersOfAny, type Members } from "./members.ts";
import type { Names } from "./names.ts";
import type { BodyContent, Notation, RequestBody } from "./operation.ts";
import { take } from "./parameters.ts";
import type { Report } from "./report.ts";
import type { JsonSchema, SchemaReader } from "./schema.ts";

export interface BodyArguments {
  args: Argument[];
  headers: { key: string; value: string }[];
  /** Keys of the plugin's `requestTemplate`. */
  template: { body?: string; argsToJsonBody?: true; argsToFormBody?: true };
}

type Kind = "json" | "form" | "multipart" | "text" | "bytes";

const form = "application/x-www-form-urlencoded";

export function bodyArguments(
  body: RequestBody,
  names: Names,
  schemas: SchemaReader,
  report: Report,
): BodyArguments {
  const nothing: BodyArguments = { args: [], headers: [], template: {} };
  const usable = body.contents.filter(({ mediaType }) => kindOf(mediaType) !== undefined);
  const content = usable.toSorted((a, b) => rank(a.mediaType) - rank(b.mediaType))[0];
  if (!content) {
    for (const { node, mediaType } of body.contents)
      report.leftOut(node, `the body: ${mediaType} is no type that can be made of arguments`);
    return nothing;
  }
  reportAlternatives(body, content, report);
  const writer = new BodyWriter(body, content, names, schemas, report);
  return writer.write(kindOf(content.mediaType)!);
}

export function isJson(mediaType: string): boolean {
  return (
    /^(application|text)\/(json|[^;]*\+json|[^;]*[-.]json)\s*(;|$)|^\*\/\*|^application\/\*|^text\/x-json/.test(
      mediaType,
    ) && !/ndjson|jsonl|json-seq/.test(mediaType)
  );
}

function kindOf(mediaType: string): Kind | undefined {
  if (isJson(mediaType) || !mediaType.includes("/")) return "json";
  if (mediaType.startsWith(form)) return "form";
  if (mediaType.startsWith("multipart/form-data")) return "multipart";
  if (mediaType.startsWith("multipart/")) return undefined;
  return isText(mediaType) ? "text" : "bytes";
}

export function isText(mediaType: string): boolean {
  return /^text\/|[/+-](xml|yaml|x-yaml|javascript|graphql|sql|csv|html|toml|ndjson|x-ndjson|jsonl|json-seq)\b/.test(
    mediaType,
  );
}

function isAny(mediaType: string): boolean {
  return mediaType.includes("*") || !mediaType.includes("/");
}

/** JSON, then forms; a multipart body only where nothing else is taken. */
function rank(mediaType: string): number {
  const order: Kind[] = ["json", "form", "multipart", "text", "bytes"];
  const isExact = /^application\/json\b/.test(mediaType);
  return order.indexOf(kindOf(mediaType)!) * 3 + (isExact ? 0 : isAny(mediaType) ? 2 : 1);
}

/** The same content in another notation is not lost. */
function reportAlternatives(body: RequestBody, content: BodyContent, report: Report): void {
  const schema = JSON.stringify(content.schema?.value);
  for (const { node, mediaType, schema: other } of body.contents) {
    if (node === content.node || other === undefined || JSON.stringify(other.value) === schema) continue;
    report.leftOut(
      node,
      `the body as ${mediaType}, which has another schema: it is sent as ${content.mediaType}`,
    );
  }
}

class BodyWriter {
  readonly #out: BodyArguments = { args: [], headers: [], template: {} };

  readonly #body: RequestBody;
  readonly #content: BodyContent;
  readonly #names: Names;
  readonly #schemas: SchemaReader;
  readonly #report: Report;

  constructor(body: RequestBody, content: BodyContent, names: Names, schemas: SchemaReader, report: Report) {
    this.#body = body;
    this.#content = content;
    this.#names = names;
    this.#schemas = schemas;
    this.#report = report;
  }

  write(kind: Kind): BodyArguments {
    if (kind === "json") this.#json();
    else if (kind === "form" || kind === "multipart") this.#form(kind);
    else this.#plain(kind);
    return this.#out;
  }

  #json(): void {
    const { mediaType } = this.#content;
    const isUsual = /^application\/json\s*$|^\*\/\*|^application\/\*|^[^/]*$/.test(mediaType);
    const schema = this.#schema();
    // Of any media type: only what is no text is surely JSON.
    if (isAny(mediaType) && schema["type"] === "string") {
      this.#plain(schema["format"] === "binary" ? "bytes" : "text");
      return;
    }
    const members = membersOf(schema);
    if (!members || members.rest.length > 0 || members.properties.size === 0) {
      this.#whole(schema, isUsual ? "application/json" : mediaType);
      return;
    }
    if (!isUsual) this.#out.headers.push({ key: "Content-Type", value: mediaType });
    for (const [name, member] of members.properties) this.#member(name, member, members, {});
    if (this.#body.required) this.#out.template.argsToJsonBody = true;
  }

  #whole(schema: JsonSchema, mediaType: string): void {
    const name = this.#names.has("body") ? this.#names.take("request_body") : this.#names.take("body");
    this.#out.args.push(this.#argument(name, schema, this.#body.description));
    const json = `{{$body := toJson .args.${name}}}{{if ne $body "null"}}{{$body}}{{end}}`;
    this.#out.template.body = this.#body.required ? `{{toJson .args.${name}}}` : json;
    const isTyped = schema["type"] === "object" || schema["type"] === "array";
    if (!isTyped || mediaType !== "application/json")
      this.#out.headers.push({ key: "Content-Type", value: mediaType });
  }

  #argument(name: string, schema: JsonSchema, description: string): Argument {
    return argumentOf({
      name,
      sentAs: name,
      description,
      required: this.#body.required,
      position: undefined,
      schema,
    });
  }

  #plain(kind: "text" | "bytes"): void {
    const { mediaType, schema } = this.#content;
    const name = this.#names.has("body") ? this.#names.take("request_body") : this.#names.take("body");
    const isXml = /\bxml\b/.test(mediaType);
    if (isXml && schema)
      this.#report.leftOut(schema, `the schema of the body: the model writes ${mediaType} as a text`);
    const type = isAny(mediaType) ? "of any type" : mediaType;
    const notation = kind === "bytes" ? `${type}, in base64` : type;
    const description = [this.#body.description, `The body, ${notation}.`]
      .filter((text) => text !== "")
      .join("\n");
    if (kind === "bytes") {
      const schema = { type: "string", contentEncoding: "base64" };
      this.#out.args.push({ ...this.#argument(name, schema, description), position: "body", file: true });
    } else {
      this.#out.args.push(this.#argument(name, { type: "string" }, description));
      const text = `{{.args.${name}}}`;
      this.#out.template.body = this.#body.required ? text : `{{if .args.${name}}}${text}{{end}}`;
    }
    if (!isAny(mediaType)) this.#out.headers.push({ key: "Content-Type", value: mediaType });
  }

  #form(kind: "form" | "multipart"): void {
    const type = kind === "form" ? form : "multipart/form-data";
    const { fields } = this.#content;
    if (fields) {
      for (const field of fields) {
        const { description: _, ...schema } = this.#schemas.read(field.node, "request");
        const isFile = kind === "multipart" && field.node.get("type").text === "file";
        const members = {
          properties: new Map(),
          required: new Set(field.required ? [field.name] : []),
          rest: [],
        };
        this.#member(field.name, { ...schema, ...described(field.description) }, members, {
          ...field,
          isFile,
        });
      }
    } else if (!this.#formMembers(kind)) return;
    // Where nothing is given a form that is needed is sent empty; one that is not needed is not sent.
    if (kind === "form" && this.#body.required) this.#out.template.argsToFormBody = true;
    else this.#out.headers.push({ key: "Content-Type", value: type });
  }

  #formMembers(kind: "form" | "multipart"): boolean {
    const schema = this.#schema();
    const members = membersOfAny(schema);
    // A form without members holds nothing, and nothing is lost.
    if (
      members?.properties.size === 0 &&
      members.rest.length === 0 &&
      this.#content.schema?.get("properties").exists
    )
      return false;
    if (kind === "form" && !members) {
      // The form as a text that the model writes: `a=1&b=2`.
      this.#plain("text");
      return false;
    }
    if (!members || members.properties.size === 0) {
      this.#report.leftOut(
        this.#content.node,
        `the body: the members of the ${this.#content.mediaType} form are not described`,
      );
      return false;
    }
    const place = this.#content.schema ?? this.#content.node;
    if (members.rest.includes("other members"))
      this.#report.leftOut(place, "members of the form by other names");
    if (members.rest.includes("alternatives"))
      this.#report.leftOut(place, "which members of the form go together");
    for (const [name, member] of members.properties) {
      const encoding = this.#content.encoding.get(name);
      if (encoding?.node.get("headers").exists)
        this.#report.leftOut(encoding.node.get("headers"), `headers of the part ${name}`);
      const isFile = kind === "multipart" && isFileSchema(member, encoding?.contentType);
      this.#member(name, member, members, { ...encoding, isFile });
    }
    return true;
  }

  #member(
    name: string,
    schema: JsonSchema,
    members: Members,
    more: Notation & { isFile?: boolean; contentType?: string },
  ): void {
    const isRequired = members.required.has(name);
    // Without a body nothing of it is needed: only with it.
    const isNeededInside = isRequired && !this.#body.required;
    const argument = argumentOf({
      name: take(this.#names, "body", name),
      sentAs: name,
      description: isNeededInside ? "Required if anything of the body is given." : "",
      required: isRequired && this.#body.required,
      position: "body",
      schema: more.isFile ? fileSchema(schema) : schema,
      ...(isJson(this.#content.mediaType) ? {} : formNotation(schema, more)),
    });
    if (more.isFile) argument.file = true;
    if (more.contentType !== undefined && /^[\w.+-]+\/[\w.+-]+$/.test(more.contentType))
      argument.contentType = more.contentType;
    this.#out.args.push(argument);
  }

  #schema(): JsonSchema {
    return this.#content.schema ? this.#schemas.read(this.#content.schema, "request") : {};
  }
}

function described(description: string): JsonSchema {
  return description === "" ? {} : { description };
}

/** Lists are repeated unless a style says otherwise; objects without one are JSON. */
function formNotation(schema: JsonSchema, more: Notation & { isFile?: boolean }): Notation {
  if (!hasParts(schema)) return {};
  if (more.style !== undefined || more.explode !== undefined) {
    const style = more.style ?? "form";
    return { style, explode: more.explode ?? style === "form" };
  }
  return schema["type"] === "array" ? { style: "form", explode: true } : {};
}

function isFileSchema(schema: JsonSchema, contentType: string | undefined): boolean {
  const items = schema["type"] === "array" ? (schema["items"] as JsonSchema) : schema;
  if (items["format"] === "binary") return true;
  if (items["contentEncoding"] !== undefined) return false;
  if (items["contentMediaType"] !== undefined) return true;
  return items["type"] === "string" && contentType !== undefined && !/^text\/|json|xml/.test(contentType);
}

/** Bytes have no place in JSON but as base64. */
function fileSchema(schema: JsonSchema): JsonSchema {
  const description = typeof schema["description"] === "string" ? `${schema["description"]}\n` : "";
  if (schema["type"] === "array")
    return {
      ...schema,
      description: `${description}Contents of files in base64.`,
      items: { type: "string", contentEncoding: "base64" },
    };
  return {
    description: `${description}Content of a file in base64.`,
    type: "string",
    contentEncoding: "base64",
  };
}
