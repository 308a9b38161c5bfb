// Gemini's generateContent and its stream: https://ai.google.dev/api/generate-content
// Requests come in camel case or snake case; protobuf's JSON reads both.
import type { JsonObject } from "./json-value.ts";
import { arrayOf, isObject, numberOf, objectOf, objectsOf, textOf } from "./json-value.ts";
import { Refusal } from "./refusal.ts";
import type { Prompt, Reply } from "./reply.ts";
import { countTokens } from "./tokens.ts";

const fields = new Set([
  "contents",
  "tools",
  "toolConfig",
  "safetySettings",
  "systemInstruction",
  "generationConfig",
  "cachedContent",
  "labels",
  "model",
]);

/** @throws Refusal where Gemini would refuse the request */
export function promptOf(request: JsonObject, model: string): Prompt {
  const body = camelled(request);
  const extra = Object.keys(body).find((field) => !fields.has(field));
  if (extra !== undefined) {
    throw new Refusal(400, `Invalid JSON payload received. Unknown name "${extra}": Cannot find field.`);
  }
  const contents = objectsOf(body.contents);
  checkContents(contents);
  const last = contents.at(-1);
  const results = objectsOf(last?.parts)
    .map(camelled)
    .filter((part) => isObject(part.functionResponse));
  const said = contents.findLast((content) => content.role !== "model" && contentText(content) !== "");
  const config = camelled(objectOf(body.generationConfig));
  const calling = camelled(objectOf(camelled(objectOf(body.toolConfig)).functionCallingConfig));
  const declarations = objectsOf(body.tools).flatMap((tool) =>
    objectsOf(camelled(tool).functionDeclarations),
  );
  const schema = config.responseJsonSchema ?? config.responseSchema;
  const asJson = textOf(config.responseMimeType) === "application/json";
  const texts = [contentText(objectOf(body.systemInstruction)), ...contents.map(contentText)];
  return {
    model,
    said: said ? contentText(said) : "",
    toolResult: results.length ? results.map(resultText).join(" ") : undefined,
    inputTokens:
      texts.map(countTokens).reduce((sum, count) => sum + count, 0) +
      (declarations.length ? countTokens(JSON.stringify(declarations)) : 0),
    tools: declarations.map(camelled).map((tool) => ({
      name: textOf(tool.name),
      parameters: objectOf(tool.parametersJsonSchema ?? tool.parameters),
    })),
    toolChoice: toolChoiceOf(calling),
    parallelTools: true,
    maxTokens: numberOf(config.maxOutputTokens),
    stopSequences: arrayOf(config.stopSequences).map(textOf),
    schema: isObject(schema)
      ? schema
      : asJson
        ? { type: "object", properties: { answer: { type: "string" } } }
        : undefined,
    reasons: camelled(objectOf(config.thinkingConfig)).includeThoughts === true,
  };
}

function checkContents(contents: JsonObject[]): void {
  if (contents.length === 0) {
    throw new Refusal(400, "* GenerateContentRequest.contents: contents is not specified\n");
  }
  contents.forEach((content, index) => {
    const role = content.role ?? "user";
    if (role !== "user" && role !== "model" && role !== "function") {
      throw new Refusal(400, "Please use a valid role: user, model.");
    }
    if (objectsOf(content.parts).length === 0) {
      throw new Refusal(
        400,
        `* GenerateContentRequest.contents[${index}].parts: contents.parts must not be empty.\n`,
      );
    }
  });
}

function toolChoiceOf(calling: JsonObject): Prompt["toolChoice"] {
  const allowed = arrayOf(calling.allowedFunctionNames).map(textOf);
  switch (textOf(calling.mode).toUpperCase()) {
    case "NONE":
      return "none";
    case "ANY":
      return allowed.length === 1 ? { name: allowed[0] ?? "" } : "required";
    default:
      return "auto";
  }
}

function resultText(part: JsonObject): string {
  const response = objectOf(objectOf(part.functionResponse).response);
  return textOf(response.output) || textOf(response.result) || JSON.stringify(response);
}

/** The text parts of a content, in one; its thoughts are none. */
export function contentText(content: JsonObject): string {
  return objectsOf(content.parts)
    .map((part) => (part.thought === true ? "" : textOf(part.text)))
    .join("");
}

// `system_instruction` → `systemInstruction`, for the members of one object.
function camelled(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()),
      member,
    ]),
  );
}

export function answerOf(digest: string, model: string, reply: Reply): object {
  const thought = reply.reasoning.length ? [{ text: reply.reasoning.join(""), thought: true }] : [];
  const text = reply.text.length ? [{ text: reply.text.join("") }] : [];
  return event(digest, model, reply, [...thought, ...text, ...callParts(reply)], true);
}

export function* answerEvents(digest: string, model: string, reply: Reply): Generator<object> {
  for (const token of reply.reasoning)
    yield event(digest, model, reply, [{ text: token, thought: true }], false);
  for (const token of reply.text) yield event(digest, model, reply, [{ text: token }], false);
  for (const part of callParts(reply)) yield event(digest, model, reply, [part], false);
  yield event(digest, model, reply, [{ text: "" }], true);
}

function callParts(reply: Reply): object[] {
  return reply.toolCalls.map((call) => ({ functionCall: { name: call.name, args: call.arguments } }));
}

function event(digest: string, model: string, reply: Reply, parts: object[], isLast: boolean): object {
  const finish = isLast ? { finishReason: reply.stop === "length" ? "MAX_TOKENS" : "STOP" } : {};
  const spent = reply.outputTokens - reply.reasoning.length;
  return {
    candidates: [{ content: { parts, role: "model" }, ...finish, index: 0 }],
    usageMetadata: {
      promptTokenCount: reply.inputTokens,
      ...(isLast && { candidatesTokenCount: spent }),
      totalTokenCount: reply.inputTokens + (isLast ? reply.outputTokens : 0),
      ...(reply.reasoning.length && { thoughtsTokenCount: reply.reasoning.length }),
    },
    modelVersion: model,
    responseId: digest.slice(0, 23),
  };
}
