// Recorded requests whose answers state what the input cost.

import { familyOf, promptEstimate } from "./guest.mjs";
import { families } from "./guest-layout.mjs";

/** Tools that a provider defines: their texts are paid for and not shown. */
const providersTools =
  /"(type|name)":\s*"(web_search|web_fetch|computer|code_execution|text_editor|bash|memory|file_search)[a-z0-9_]*"/;

/** Of a request the model, in the body or in the path. */
export function modelOf({ request, url }) {
  const path = decodeURIComponent(new URL(url).pathname);
  return JSON.parse(request).model ?? /\/models?\/([^/:]+)/.exec(path)?.[1] ?? "";
}

/** `{model, family, kind, stated, estimated}` of a recorded exchange, or a text: why it cannot tell. */
export function promptFacts(exchange) {
  const { request, recording } = exchange;
  const { usage } = recording.expected;
  // Anthropic counts what comes from its cache apart.
  const isApart = recording.kind === "messages" || recording.kind === "converse";
  const stated = usage.input + (isApart ? usage.cachedInput + usage.cacheWrite : 0);
  if (stated === 0) return "states no input";
  if (providersTools.test(request)) return "tools that the provider defines";
  const model = modelOf(exchange);
  return {
    name: exchange.name,
    model: `${new URL(exchange.url).hostname} ${model}`,
    family: families[familyOf(model)],
    kind: kindOf(request),
    stated,
    ...promptEstimate(Buffer.from(request), model),
  };
}

function kindOf(request) {
  if (/"(image_url|image|input_image|inlineData|inline_data)"/.test(request)) return "pictures";
  if (/"(tool_result|functionResponse|function_call_output)"|"role":"tool"/.test(request))
    return "results of tools";
  if (/"(tools|functions)":\s*\[/.test(request)) return "tools";
  if (/"(response_format|json_schema|responseSchema|responseJsonSchema)"/.test(request))
    return "schema of the answer";
  return "messages";
}
