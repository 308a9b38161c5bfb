// What a client of an MCP server sends, in the words of each revision. Requests carry ids of the caller's choice;
// the stateless revisions say with each request who asks and in which revision.

import { Buffer, Span } from "../../bytes";
import { Json, JsonWriter } from "../../json";
import { isStateless, Revision, revisionName } from "../revision";

const META: string = "io.modelcontextprotocol/";

/** The client as servers see it, in every revision. */
const CLIENT_INFO: string = '{"name":"Higress-mcp-proxy","version":"1.0.0"}';

/** Members of a request's parameters that mean something only between that client and its own server. */
const OWN_TO_ITS_SENDER: StaticArray<string> = ["_meta", "task", "inputResponses", "requestState"];

/** `capabilities` is a JSON object. */
export function initializeRequest(
  id: i64,
  revision: Revision,
  capabilities: string = "{}",
  clientInfo: string = CLIENT_INFO,
): Span {
  const out = new Buffer(256);
  const json = begin(out, id, "initialize").object();
  json.key("protocolVersion").text(revisionName(revision));
  json.key("capabilities").raw(Span.text(capabilities)).key("clientInfo").raw(Span.text(clientInfo));
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

/** Any other request with the parameters that a client gave, less what was meant for its own server. */
export function operationRequest(id: i64, method: string, params: Json, revision: Revision): Span {
  const out = new Buffer(256);
  const json = begin(out, id, method).object();
  const members = params.members();
  while (members.next()) {
    if (!OWN_TO_ITS_SENDER.includes(members.key)) json.keyBytes(members.keyBytes()).raw(members.value.raw());
  }
  if (isStateless(revision)) {
    json.key("_meta").object().key(`${META}protocolVersion`).text(revisionName(revision));
    json.key(`${META}clientInfo`).raw(Span.text(CLIENT_INFO));
    // No capability: a server that knows of none asks nothing that nobody here could answer.
    json.key(`${META}clientCapabilities`).object().end().end();
  }
  json.end().end();
  return out.span();
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
