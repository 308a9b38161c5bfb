// The operations of an API description: what OpenAPI 3.0 and 3.1 say of them. What Swagger 2.0 says otherwise is in
// swagger.ts.

import type { References, SpecNode } from "./node.ts";
import type {
  BodyContent,
  Encoding,
  Operation,
  Parameter,
  Place,
  RequestBody,
  Server,
  Success,
} from "./operation.ts";
import type { Report } from "./report.ts";

export const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

const places: readonly string[] = ["path", "query", "header", "cookie"];

export class Description {
  readonly references: References;
  readonly report: Report;

  constructor(references: References, report: Report) {
    this.references = references;
    this.report = report;
  }

  get root(): SpecNode {
    return this.references.root;
  }

  get schemes(): SpecNode {
    return this.root.get("components").get("securitySchemes");
  }

  operations(): Operation[] {
    this.#reportCallers(this.root.get("webhooks"), "webhooks: they are requests that the service makes");
    return this.root
      .get("paths")
      .entries()
      .flatMap(([path, node]) => {
        const item = this.references.follow(node);
        if (!item?.isObject) return [];
        return methods.flatMap((method) => {
          const operation = item.get(method);
          return operation.isObject ? [this.#operation(path, method, item, operation)] : [];
        });
      });
  }

  #reportCallers(node: SpecNode, message: string): void {
    if (node.isObject && node.entries().length > 0) this.report.leftOut(node, message);
  }

  #operation(path: string, method: string, item: SpecNode, node: SpecNode): Operation {
    this.#reportCallers(node.get("callbacks"), "callbacks: they are requests that the service makes");
    const parameters = this.#parameterNodes(item, node);
    const security = node.get("security").isList ? node.get("security") : this.root.get("security");
    return {
      node,
      method,
      path,
      id: node.get("operationId").text,
      summary: prose(node.get("summary")) || prose(item.get("summary")),
      description: prose(node.get("description")) || prose(item.get("description")),
      deprecated: node.get("deprecated").isTrue,
      tags: node.get("tags").texts(),
      parameters: parameters.flatMap((parameter) => this.parameter(parameter) ?? []),
      body: this.body(node, parameters),
      successes: this.#successes(node),
      security: security.isList ? security : undefined,
      servers: this.servers(item, node),
    };
  }

  /** Those of the operation, and those of the path that it does not replace. */
  #parameterNodes(item: SpecNode, operation: SpecNode): SpecNode[] {
    const byKey = new Map<string, SpecNode>();
    for (const node of [...item.get("parameters").items(), ...operation.get("parameters").items()]) {
      const parameter = this.references.follow(node);
      if (!parameter) continue;
      const name = parameter.get("name").text;
      if (name === undefined) {
        this.report.invalid(parameter, "expected a parameter with a name: it is left out");
        continue;
      }
      byKey.set(`${parameter.get("in").text}\n${name}`, parameter);
    }
    return [...byKey.values()];
  }

  /** `undefined` for what is no parameter of the request's head. */
  protected parameter(node: SpecNode): Parameter | undefined {
    const place = node.get("in").text ?? "";
    if (!places.includes(place)) {
      this.report.invalid(
        node.get("in"),
        `expected one of ${places.join(", ")}, found ${JSON.stringify(place)}: the parameter is left out`,
      );
      return undefined;
    }
    const name = node.get("name").text ?? "";
    // OpenAPI says that these are ignored: the body, the answers and the security schemes say what they are.
    if (place === "header" && /^(accept|content-type)$/i.test(name)) return undefined;
    const [mediaType, media] = node.get("content").named()[0] ?? [];
    const schema = media?.get("schema") ?? node.get("schema");
    return {
      node,
      name,
      place: place as Place,
      description: prose(node.get("description")),
      required: node.get("required").isTrue,
      deprecated: node.get("deprecated").isTrue,
      schema: schema.exists ? schema : undefined,
      ...this.#notation(node),
      ...(mediaType === undefined ? {} : { mediaType }),
    };
  }

  #notation(node: SpecNode): { style?: string; explode?: boolean } {
    const { text: style } = node.get("style");
    const explode = node.get("explode").value;
    return {
      ...(style === undefined ? {} : { style }),
      ...(typeof explode === "boolean" ? { explode } : {}),
    };
  }

  protected body(operation: SpecNode, _parameters: SpecNode[]): RequestBody | undefined {
    const given = operation.get("requestBody");
    const node = given.exists ? this.references.follow(given) : undefined;
    if (!node?.isObject) return undefined;
    const contents = node
      .get("content")
      .named()
      .map(([mediaType, media]) => this.#content(mediaType, media));
    return {
      node,
      description: prose(node.get("description")),
      required: node.get("required").isTrue,
      contents,
    };
  }

  #content(mediaType: string, node: SpecNode): BodyContent {
    const schema = node.get("schema");
    const encoding = new Map<string, Encoding>();
    for (const [name, part] of node.get("encoding").named()) {
      const { text: contentType } = part.get("contentType");
      encoding.set(name, {
        node: part,
        ...this.#notation(part),
        ...(contentType === undefined ? {} : { contentType }),
      });
    }
    return { mediaType: mediaType.toLowerCase(), node, schema: schema.exists ? schema : undefined, encoding };
  }

  #successes(operation: SpecNode): Success[] {
    return operation
      .get("responses")
      .entries()
      .flatMap(([status, given]) => {
        const node = /^(2\d\d|2xx|default)$/i.test(status) ? this.references.follow(given) : undefined;
        if (!node?.isObject) return [];
        return [
          {
            node,
            status,
            description: prose(node.get("description")),
            contents: this.answers(operation, node),
          },
        ];
      });
  }

  protected answers(_operation: SpecNode, response: SpecNode): Success["contents"] {
    return response
      .get("content")
      .named()
      .map(([mediaType, media]) => {
        const schema = media.get("schema");
        return { mediaType: mediaType.toLowerCase(), schema: schema.exists ? schema : undefined };
      });
  }

  protected servers(item: SpecNode, operation: SpecNode): Server[] {
    const nodes = [operation, item, this.root]
      .map((holder) => holder.get("servers"))
      .find((list) => list.items().length > 0);
    return (nodes?.items() ?? []).flatMap((node) => {
      const { text: url } = node.get("url");
      if (url === undefined) return [];
      const variables = node
        .get("variables")
        .named()
        .map(([name, variable]) => {
          const value = variable.get("default").text ?? variable.get("enum").texts()[0] ?? "";
          return [name, { node: variable, value }] as const;
        });
      return [{ node, url, variables: new Map(variables) }];
    });
  }
}

/** A description as one text without white space around it. */
export function prose(node: SpecNode): string {
  return typeof node.value === "string" ? node.value.trim() : "";
}
