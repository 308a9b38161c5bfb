// What Swagger 2.0 says otherwise than OpenAPI 3: bodies and forms are parameters, media types stand beside them, the
// server is put together from three members, and lists have a `collectionFormat`.

import { Description, prose } from "./description.ts";
import type { SpecNode } from "./node.ts";
import type {
  BodyContent,
  FormField,
  Notation,
  Parameter,
  Place,
  RequestBody,
  Server,
  Success,
} from "./operation.ts";

const collections: ReadonlyMap<string, Notation> = new Map([
  ["ssv", { style: "spaceDelimited", explode: false }],
  ["tsv", { style: "tabDelimited", explode: false }],
  ["pipes", { style: "pipeDelimited", explode: false }],
  ["multi", { style: "form", explode: true }],
]);

export class SwaggerDescription extends Description {
  override get schemes(): SpecNode {
    return this.root.get("securityDefinitions");
  }

  protected override parameter(node: SpecNode): Parameter | undefined {
    const place = node.get("in").text ?? "";
    if (place === "body" || place === "formData") return undefined;
    if (!["path", "query", "header"].includes(place)) return super.parameter(node);
    return {
      node,
      name: node.get("name").text ?? "",
      place: place as Place,
      description: prose(node.get("description")),
      required: node.get("required").isTrue,
      deprecated: node.get("x-deprecated").isTrue,
      schema: node,
      ...notation(node, place),
    };
  }

  protected override body(operation: SpecNode, parameters: SpecNode[]): RequestBody | undefined {
    const mediaTypes = this.#mediaTypes(operation, "consumes");
    const body = parameters.find((parameter) => parameter.get("in").text === "body");
    if (body) {
      const schema = body.get("schema");
      const contents = (mediaTypes.length > 0 ? mediaTypes : ["application/json"]).map(
        (mediaType): BodyContent => ({
          mediaType,
          node: body,
          schema: schema.exists ? schema : undefined,
          encoding: new Map(),
        }),
      );
      return {
        node: body,
        description: prose(body.get("description")),
        required: body.get("required").isTrue,
        contents,
      };
    }
    const fields = parameters.filter((parameter) => parameter.get("in").text === "formData");
    return fields[0] && this.#form(fields[0], fields, mediaTypes);
  }

  #form(node: SpecNode, nodes: SpecNode[], mediaTypes: string[]): RequestBody {
    const isMultipart =
      nodes.some((field) => field.get("type").text === "file") ||
      (mediaTypes.some((type) => type.startsWith("multipart/")) &&
        !mediaTypes.includes("application/x-www-form-urlencoded"));
    const fields = nodes.map((field): FormField => ({
      node: field,
      name: field.get("name").text ?? "",
      description: prose(field.get("description")),
      required: field.get("required").isTrue,
      ...notation(field, "formData"),
    }));
    const mediaType = isMultipart ? "multipart/form-data" : "application/x-www-form-urlencoded";
    const required = fields.some((field) => field.required);
    return {
      node,
      description: "",
      required,
      contents: [{ mediaType, node, schema: undefined, encoding: new Map(), fields }],
    };
  }

  protected override answers(operation: SpecNode, response: SpecNode): Success["contents"] {
    const schema = response.get("schema");
    if (!schema.exists) return [];
    const mediaTypes = this.#mediaTypes(operation, "produces");
    return (mediaTypes.length > 0 ? mediaTypes : ["application/json"]).map((mediaType) => ({
      mediaType,
      schema,
    }));
  }

  #mediaTypes(operation: SpecNode, key: "consumes" | "produces"): string[] {
    const own = operation.get(key);
    return (own.isList ? own : this.root.get(key)).texts().map((type) => type.toLowerCase());
  }

  protected override servers(_item: SpecNode, operation: SpecNode): Server[] {
    const host = this.root.get("host").text;
    const base = this.root.get("basePath").text ?? "";
    const own = operation.get("schemes").texts();
    const schemes = own.length > 0 ? own : this.root.get("schemes").texts();
    const scheme = ["https", "http"].find((name) => schemes.includes(name)) ?? "https";
    const url = host === undefined ? base : `${scheme}://${host}${base}`;
    return url === ""
      ? []
      : [{ node: this.root.get(host === undefined ? "basePath" : "host"), url, variables: new Map() }];
  }
}

/** `csv` is the default, and what a list's text is where commas part it. */
function notation(node: SpecNode, place: string): Notation {
  if (node.get("type").text !== "array") return {};
  const named = collections.get(node.get("collectionFormat").text ?? "csv");
  if (named) return named;
  return { style: place === "query" || place === "formData" ? "form" : "simple", explode: false };
}
