// What a client of an MCP server sends, in the words of each revision. Requests carry ids of the caller's choice;
// the stateless revisions say with each request who asks and in which revision.

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { isStateless, Revision, revisionName } from "../revision";

const META: string = "io.modelcontextprotocol/";

/** The client as servers see it, in every revision. */
const CLIENT_INFO: string = '{"name":"Higress-mcp-proxy","version":"1.0.0"}';

/** Members of a request's parameters that mean something only between that client and its own server. */
const OWN_TO_ITS_SENDER: StaticArray<string> = ["_meta", "task", "inputResponses", "requestState"];

/** No capability is declared: a server that knows of none asks nothing that nobody here could answer. */
export function initializeRequest(id: i64, revision: Revision, clientInfo: string = CLIENT_INFO): Span {
  const out = new Buffer(256);
  const json = begin(out, id, "initialize").object();
  json.key("protocolVersion").text(revisionName(revision));
  json.key("capabilities").object().end().key("clientInfo").raw(Span.text(clientInfo));
  json.end().end();
  return out.span();
}

export function initializedNotification(): Span {
  return Span.text('{"jsonrpc":"2.0","method":"notifications/initialized"}');
}

/** `server/discover`, which only the stateless revisions have. */
export function discoverRequest(id: i64, revision: Revision): Span {
  return operationRequest(id, "server/discover", Json.read(Span.empty()), revision);
}

/**
 * Any other request with the parameters that a client gave, less what was meant for its own server. Of calls and lists
 * of tools only what was looked at goes on: nothing that another parser could take for the name.
 */
export function operationRequest(id: i64, method: string, params: Json, revision: Revision): Span {
  const out = new Buffer(256);
  const json = begin(out, id, method).object();
  if (method == "tools/call") {
    const given = params.get("arguments");
    json.key("name").raw(params.get("name").raw());
    json.key("arguments").raw(given.kind == JsonKind.Object ? given.raw() : Span.text("{}"));
  } else if (method == "tools/list") {
    const cursor = params.get("cursor");
    if (cursor.exists) json.key("cursor").raw(cursor.raw());
  } else copyParams(json, params);
  if (isStateless(revision)) {
    json.key("_meta").object().key(`${META}protocolVersion`).text(revisionName(revision));
    json.key(`${META}clientInfo`).raw(Span.text(CLIENT_INFO));
    json.key(`${META}clientCapabilities`).object().end().end();
  }
  json.end().end();
  return out.span();
}

function copyParams(json: JsonWriter, params: Json): void {
  const members = params.members();
  while (members.next()) {
    if (!OWN_TO_ITS_SENDER.includes(members.key)) json.keyBytes(members.keyBytes()).raw(members.value.raw());
  }
}

/** The value that the stateless revisions want repeated in the header `Mcp-Name`; missing for other methods. */
export function mirroredName(method: string, params: Json): Json {
  if (method == "tools/call" || method == "prompts/get") return params.get("name");
  return params.get(method == "resources/read" ? "uri" : "");
}

function begin(out: Buffer, id: i64, method: string): JsonWriter {
  const json = new JsonWriter(out).object().key("jsonrpc").text("2.0").key("id").integer(id);
  return json.key("method").text(method).key("params");
}
