// One operation of an API, in whichever version it is described.

import type { SpecNode } from "./node.ts";

export type Place = "path" | "query" | "header" | "cookie";

/** How lists and objects are written: OpenAPI's styles, and `tabDelimited` of Swagger 2.0's `tsv`. */
export interface Notation {
  style?: string;
  explode?: boolean;
}

export interface Parameter extends Notation {
  node: SpecNode;
  name: string;
  place: Place;
  description: string;
  required: boolean;
  deprecated: boolean;
  /** In Swagger 2.0 the parameter itself. */
  schema: SpecNode | undefined;
  /** The value is a document of this media type, not a text. */
  mediaType?: string;
}

/** What a member of a form says beyond its schema. */
export interface Encoding extends Notation {
  node: SpecNode;
  contentType?: string;
}

export interface BodyContent {
  /** Lower case, with its parameters. */
  mediaType: string;
  /** Of this media type in the description. */
  node: SpecNode;
  schema: SpecNode | undefined;
  encoding: Map<string, Encoding>;
  /** Members of a form where they are described one by one, as in Swagger 2.0. */
  fields?: FormField[];
}

export interface FormField extends Notation {
  node: SpecNode;
  name: string;
  description: string;
  required: boolean;
}

export interface RequestBody {
  node: SpecNode;
  description: string;
  required: boolean;
  /** In the order of the description. */
  contents: BodyContent[];
}

export interface ResponseContent {
  mediaType: string;
  schema: SpecNode | undefined;
}

/** A successful answer. */
export interface Success {
  node: SpecNode;
  status: string;
  description: string;
  contents: ResponseContent[];
}

export interface Server {
  node: SpecNode;
  url: string;
  variables: Map<string, { node: SpecNode; value: string }>;
}

export interface Operation {
  node: SpecNode;
  method: string;
  path: string;
  id: string | undefined;
  summary: string;
  description: string;
  deprecated: boolean;
  tags: string[];
  parameters: Parameter[];
  body: RequestBody | undefined;
  successes: Success[];
  /** Alternatives; each names schemes that are needed together. `undefined` where nothing is said. */
  security: SpecNode | undefined;
  servers: Server[];
}
