// Where Vertex AI has things: hosts, paths of models, the key in the query.

import { percentDecode, Span } from "as-proxy-wasm-sdk/bytes";
import { Api, PathMatch } from "../../apis";
import { encodedSegment, queryOf, withoutQuery, withQuery } from "../../path";
import { Request } from "../../request";

const HOST: string = "aiplatform.googleapis.com";
const RAW: string = "/{v}/projects/{p}/locations/{l}/publishers/{u}/models/{m}";

/** `global`, and no region at all, have the host without a name before it. */
export function hostOf(region: string): string {
  return region.length == 0 || region == "global" ? HOST : region + "-" + HOST;
}

/** True for models that Anthropic publishes there. */
export function isClaude(model: string): bool {
  return model.startsWith("claude");
}

/** The path of the request's model; `scope` is what stands between the version and the publisher. */
export function modelPath(scope: string, request: Request): string {
  const isAnthropic = isClaude(request.finalModel);
  const isStream = request.isStream && request.api == Api.ChatCompletions;
  let action = "";
  if (isAnthropic) action = isStream ? "streamRawPredict" : "rawPredict";
  else if (request.api == Api.Embeddings) action = "predict";
  else action = isStream ? "streamGenerateContent" : "generateContent";
  // A client that gets the answer as it is may want a stream as one JSON array.
  if (isStream && !isAnthropic && !(request.staysAsItIs && request.wantsArray)) action += "?alt=sse";
  const publisher = isAnthropic ? "anthropic" : "google";
  // The names of Anthropic's models have an @, which a path may have.
  const model = encodedSegment(request.finalModel).replaceAll("%40", "@");
  return `/v1${scope}/publishers/${publisher}/models/${model}:${action}`;
}

/** The API of a path of Vertex AI's own. */
export function ownApiOf(path: string): Api {
  const match = PathMatch.of(RAW, path);
  if (match.matches) {
    const model = match.values[match.values.length - 1];
    const colon = model.indexOf(":");
    if (colon > 0 && colon < model.length - 1) return Api.VertexRaw;
  }
  if (path.endsWith("generateContent")) return Api.ChatCompletions;
  return path.endsWith("predict") ? Api.Embeddings : Api.None;
}

/** The path with `key` in its query, whose parameters stand in order of their names, as Go's clients write them. */
export function withKey(path: string, key: string): string {
  const names: string[] = ["key"];
  const values: string[] = [key];
  const parameters = queryOf(path).split("&");
  for (let i = 0; i < parameters.length; i++) {
    const parameter = parameters[i];
    if (parameter.length == 0) continue;
    const equals = parameter.indexOf("=");
    const name = plain(equals < 0 ? parameter : parameter.substring(0, equals));
    if (name == "key") continue;
    let at = 0;
    while (at < names.length && names[at] <= name) at++;
    names.push("");
    values.push("");
    for (let j = names.length - 1; j > at; j--) {
      names[j] = names[j - 1];
      values[j] = values[j - 1];
    }
    names[at] = name;
    values[at] = equals < 0 ? "" : plain(parameter.substring(equals + 1));
  }
  let result = withoutQuery(path);
  for (let i = 0; i < names.length; i++) {
    result = withQuery(result, `${queryEncoded(names[i])}=${queryEncoded(values[i])}`);
  }
  return result;
}

function plain(text: string): string {
  return percentDecode(Span.text(text.replaceAll("+", " "))).toString();
}

/** As `application/x-www-form-urlencoded` has it. */
function queryEncoded(text: string): string {
  return encodedSegment(text).replaceAll("%20", "+");
}
