// What each API takes of a request, as far as its documentation and its errors tell. The checks throw.

import assert from "node:assert/strict";
import { checkAnthropicRequest } from "../../../shared/llm/test/anthropic-rules.ts";

type Body = Record<string, any>;

const blank = /^\s*$/;
const plainName = /^[a-zA-Z0-9_-]{1,64}$/;

function only(value: object, names: string, where: string): void {
  const unknown = Object.keys(value).filter((name) => !names.split(" ").includes(name));
  assert.deepEqual(unknown, [], `unknown members of ${where}`);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkNames(names: string[], form: RegExp): void {
  for (const name of names) assert.match(name, form);
  assert.equal(new Set(names).size, names.length, "each tool once");
}

const chatMembers =
  "model messages store reasoning_effort metadata frequency_penalty logit_bias logprobs top_logprobs max_tokens max_completion_tokens n modalities prediction audio presence_penalty verbosity response_format seed service_tier stop stream stream_options prompt_cache_key prompt_cache_retention temperature top_p tools tool_choice parallel_tool_calls user safety_identifier";

export function checkChat(body: Body): void {
  only(body, chatMembers, "the request");
  const names = (body.tools ?? []).map((tool: Body) => tool.function.name);
  checkNames(names, plainName);
  if (body.tool_choice || "parallel_tool_calls" in body) assert.ok(names.length > 0);
  if (body.tool_choice?.function) assert.ok(names.includes(body.tool_choice.function.name));
  if (body.stop) assert.ok(body.stop.length <= 4 && body.stop.length > 0);
  checkChatMessages(body.messages);
}

export function checkChatMessages(messages: Body[]): void {
  assert.ok(messages.length > 0);
  let open: string[] = [];
  for (const { role, content, tool_calls, tool_call_id } of messages) {
    if (role === "tool") {
      assert.equal(typeof content, "string");
      assert.ok(open.includes(tool_call_id), `${tool_call_id} was called in the message before`);
      open = open.filter((id) => id !== tool_call_id);
      continue;
    }
    assert.equal(open.length, 0, "every call is answered at once");
    assert.ok(["system", "developer", "user", "assistant"].includes(role), role);
    for (const { id, type, function: called } of tool_calls ?? []) {
      assert.equal(role, "assistant");
      assert.equal(type, "function");
      assert.ok(id.length > 0 && id.length <= 40, `id of a call: ${id}`);
      assert.match(called.name, plainName);
      assert.ok(isObject(JSON.parse(called.arguments)));
      open.push(id);
    }
    assert.equal(new Set(open).size, open.length, "each id once");
    if (tool_calls) assert.ok(tool_calls.length > 0);
    else assert.ok(content !== undefined && content !== null, "a message says something");
    if (!Array.isArray(content)) continue;
    assert.ok(content.length > 0, "a list has parts");
    for (const part of content) checkChatPart(part, role);
  }
  assert.deepEqual(open, [], "every call is answered");
}

function checkChatPart(part: Body, role: string): void {
  const kinds = role === "user" ? ["text", "image_url", "file", "input_audio"] : ["text", "refusal"];
  assert.ok(kinds.includes(part.type), `${part.type} from ${role}`);
  if (part.type === "image_url")
    assert.match(part.image_url.url, /^(https?:\/\/|data:image\/[a-z]+;base64,[^,]+$)/);
  if (part.type === "file")
    assert.ok(part.file.file_id || (part.file.filename && part.file.file_data.startsWith("data:")));
}

/** Mistral's ids of calls have a form of their own, and it refuses words that it does not know. */
export function checkMistral(body: Body): void {
  checkChat(body);
  for (const { tool_calls, tool_call_id } of body.messages) {
    if (tool_call_id !== undefined) assert.match(tool_call_id, /^[a-zA-Z0-9]{9}$/);
    for (const { id } of tool_calls ?? []) assert.match(id, /^[a-zA-Z0-9]{9}$/);
  }
  assert.doesNotMatch(JSON.stringify(body.messages), /"cache_control"/);
}

const responsesMembers =
  "model input instructions max_output_tokens temperature top_p top_logprobs service_tier metadata user safety_identifier prompt_cache_key prompt_cache_retention reasoning text tools tool_choice parallel_tool_calls store include stream";

export function checkResponses(body: Body): void {
  only(body, responsesMembers, "the request");
  const names = (body.tools ?? []).map((tool: Body) => tool.name);
  checkNames(names, plainName);
  if (body.tool_choice?.name) assert.ok(names.includes(body.tool_choice.name));
  if (body.max_output_tokens !== undefined) assert.ok(body.max_output_tokens >= 16);
  assert.ok(body.input.length > 0, "there is input");
  const calls: string[] = [];
  const results: string[] = [];
  for (const item of body.input) checkItem(item, calls, results);
  assert.equal(new Set(calls).size, calls.length, "each call once");
  assert.deepEqual([...results].sort(), [...calls].sort(), "each call has one result");
}

function checkItem(item: Body, calls: string[], results: string[]): void {
  if (item.type === "function_call") {
    assert.match(item.name, plainName);
    assert.ok(isObject(JSON.parse(item.arguments)));
    assert.ok(item.call_id.length > 0 && item.call_id.length <= 64);
    calls.push(item.call_id);
  } else if (item.type === "function_call_output") {
    assert.ok(calls.includes(item.call_id), "a result follows its call");
    results.push(item.call_id);
    if (Array.isArray(item.output)) for (const part of item.output) checkInput(part, "user");
  } else if (item.type === "reasoning") {
    assert.ok(item.encrypted_content && Array.isArray(item.summary));
  } else {
    assert.ok(["system", "developer", "user", "assistant"].includes(item.role));
    assert.ok(item.role === "user" || item.content.length > 0, "a message says something");
    if (Array.isArray(item.content)) {
      assert.ok(item.content.length > 0);
      for (const part of item.content) checkInput(part, item.role);
    }
  }
}

function checkInput(part: Body, role: string): void {
  const kinds =
    role === "assistant" ? ["output_text", "refusal"] : ["input_text", "input_image", "input_file"];
  assert.ok(kinds.includes(part.type), `${part.type} from ${role}`);
  if (part.file_data) assert.ok(part.filename, "a file has a name");
}

export function checkAnthropic(body: Body): void {
  only(
    body,
    "model messages system max_tokens stop_sequences stream temperature top_p top_k tools tool_choice thinking output_config metadata service_tier anthropic_version",
    "the request",
  );
  checkAnthropicRequest(body);
  const { thinking } = body;
  if (!thinking || thinking.type === "disabled") return;
  if (thinking.type === "enabled")
    assert.ok(thinking.budget_tokens >= 1024 && thinking.budget_tokens < body.max_tokens);
  assert.ok(body.temperature === undefined && body.top_k === undefined, "no sampling while thinking");
  assert.ok(!["any", "tool"].includes(body.tool_choice?.type), "no call is forced while thinking");
  assert.notEqual(body.messages.at(-1).role, "assistant", "no answer is begun while thinking");
  const isOpen = body.messages.at(-1).content.some?.(({ type }: Body) => type === "tool_result");
  if (!isOpen) return;
  // What the assistant says in a row is one turn.
  let first = body.messages.findLastIndex(({ role }: Body) => role === "assistant");
  while (body.messages[first - 1]?.role === "assistant") first--;
  assert.match(body.messages[first].content[0].type, /thinking/, "a turn with calls begins with thinking");
}

const googleName = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/;

export function checkGemini(body: Body): void {
  only(
    body,
    "contents systemInstruction system_instruction generationConfig tools toolConfig safetySettings",
    "the request",
  );
  const declared = body.tools?.[0].functionDeclarations ?? body.tools?.[0].function_declarations ?? [];
  const names = declared.map((tool: Body) => tool.name);
  checkNames(names, googleName);
  for (const tool of declared) {
    only(tool, "name description parameters parametersJsonSchema", "a tool");
    if (tool.parameters?.type === "object") assert.ok(Object.keys(tool.parameters.properties).length > 0);
  }
  const calling = body.toolConfig?.functionCallingConfig;
  if (calling) assert.ok(["AUTO", "ANY", "NONE"].includes(calling.mode));
  for (const name of calling?.allowedFunctionNames ?? []) assert.ok(names.includes(name));
  assert.ok((body.generationConfig.stopSequences ?? []).length <= 5);
  const system = body.systemInstruction ?? body.system_instruction;
  if (system) assert.ok(system.parts.length > 0 && system.parts.every((part: Body) => part.text.length > 0));
  checkContents(body.contents);
}

function checkContents(contents: Body[]): void {
  assert.ok(contents.length > 0);
  let called: Body[] = [];
  for (const [at, { role, parts }] of contents.entries()) {
    assert.ok(["user", "model"].includes(role));
    assert.ok(parts.length > 0, "a content says something");
    const results = parts
      .filter((part: Body) => part.functionResponse)
      .map((part: Body) => part.functionResponse);
    const calls = parts.filter((part: Body) => part.functionCall).map((part: Body) => part.functionCall);
    assert.deepEqual(
      results.map(({ id, name }: Body) => ({ id, name })),
      called.map(({ id, name }: Body) => ({ id, name })),
      "as many results as calls, at once and in order",
    );
    for (const { response } of results) assert.ok(isObject(response));
    if (calls.length > 0) {
      assert.equal(role, "model");
      assert.ok(at > 0 && contents[at - 1]!.role === "user", "calls follow the user, or results");
      for (const { name, args } of calls) {
        assert.match(name, googleName);
        assert.ok(isObject(args));
      }
    }
    for (const part of parts)
      if ("text" in part && !part.thoughtSignature) assert.ok(part.text.length > 0, "no text is empty");
    called = calls;
  }
  assert.deepEqual(called, [], "every call is answered");
}

const documentName = /^(?!.* {2})[a-zA-Z0-9 \-()[\]]+$/;

export function checkConverse(body: Body): void {
  only(
    body,
    "messages system inferenceConfig additionalModelRequestFields toolConfig performanceConfig outputConfig",
    "the request",
  );
  const names = (body.toolConfig?.tools ?? [])
    .filter((tool: Body) => tool.toolSpec)
    .map((tool: Body) => tool.toolSpec.name);
  checkNames(names, plainName);
  for (const { toolSpec } of body.toolConfig?.tools ?? []) {
    if (!toolSpec) continue;
    assert.equal(toolSpec.inputSchema.json.type, "object");
    if ("description" in toolSpec) assert.ok(!blank.test(toolSpec.description));
  }
  const chosen = body.toolConfig?.toolChoice?.tool?.name;
  if (chosen) assert.ok(names.includes(chosen));
  for (const { text } of body.system ?? []) if (text !== undefined) assert.ok(!blank.test(text));
  let open: string[] = [];
  let role = "assistant";
  for (const message of body.messages) {
    assert.notEqual(message.role, role, "sides alternate, the user begins");
    role = message.role;
    assert.ok(message.content.length > 0);
    const results = message.content.filter((block: Body) => block.toolResult);
    assert.deepEqual(results.map((block: Body) => block.toolResult.toolUseId).sort(), open.sort());
    open = [];
    for (const block of message.content) {
      checkBlock(block);
      if (!block.toolUse) continue;
      assert.ok(names.length > 0, "tools are told where they were called");
      assert.match(block.toolUse.name, plainName);
      assert.match(block.toolUse.toolUseId, plainName);
      assert.ok(isObject(block.toolUse.input));
      open.push(block.toolUse.toolUseId);
    }
    if (message.content.some((block: Body) => block.document))
      assert.ok(
        message.content.some((block: Body) => block.text),
        "a document has a text beside it",
      );
    const documents = message.content
      .filter((block: Body) => block.document)
      .map((block: Body) => block.document.name);
    assert.equal(new Set(documents).size, documents.length, "documents have names of their own");
  }
  assert.deepEqual(open, [], "every call is answered");
}

function checkBlock(block: Body): void {
  if ("text" in block) assert.ok(!blank.test(block.text), "no text is blank");
  if (block.document) assert.match(block.document.name, documentName);
  for (const inner of block.toolResult?.content ?? []) checkBlock(inner);
}

const cohereName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function checkCohereV2(body: Body): void {
  only(
    body,
    "model messages stream max_tokens temperature k p seed stop_sequences frequency_penalty presence_penalty tools tool_choice response_format thinking",
    "the request",
  );
  checkNames(
    (body.tools ?? []).map((tool: Body) => tool.function.name),
    cohereName,
  );
  for (const tool of body.tools ?? []) assert.equal(tool.function.parameters.type, "object");
  if (body.tool_choice) assert.ok(["REQUIRED", "NONE"].includes(body.tool_choice) && body.tools.length > 0);
  assert.ok((body.stop_sequences ?? []).length <= 5);
  const names = body.messages
    .flatMap(({ tool_calls }: Body) => tool_calls ?? [])
    .map((call: Body) => call.function.name);
  for (const name of names) assert.match(name, cohereName);
  checkChatMessages(body.messages.map(plainCalls));
}

/** Names of Cohere's are looked at elsewhere. */
function plainCalls(message: Body): Body {
  const { tool_plan, ...rest } = message;
  return tool_plan === undefined ? rest : { ...rest, content: rest.content ?? tool_plan };
}
