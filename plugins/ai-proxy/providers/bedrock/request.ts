// Chat requests as Bedrock's Converse takes them. Members stand in the order of Higress's own conversion.
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import { maxTokensAsked, TokenLimits } from "as-proxy-wasm-sdk/llm/anthropic/limits";
import { settleSampling, writeTemperature } from "as-proxy-wasm-sdk/llm/anthropic/model-version";
import { writeOutputSchema } from "as-proxy-wasm-sdk/llm/anthropic/output-schema";
import { writeObjectSchema } from "as-proxy-wasm-sdk/llm/anthropic/request-writer";
import { ToolNames } from "as-proxy-wasm-sdk/llm/anthropic/tool-names";
import { nothing, Turn, Turns } from "as-proxy-wasm-sdk/llm/anthropic/turns";
import {
  Answer,
  ChatMessage,
  ChatPart,
  ChatRequest,
  Option,
  PartKind,
  ToolChoice,
} from "as-proxy-wasm-sdk/llm/chat";
import { dropForeignSeals, renameTools } from "as-proxy-wasm-sdk/llm/conversation";
import { isBlank, writeValueEscaped } from "as-proxy-wasm-sdk/llm/text";
import { CacheSettings, CacheTtl, ttlOfControl, writeCachePoint } from "./cache-points";
import { ContentWriter, isDocument } from "./content";
import { Model } from "./models";

/** Tokens to think for: none, minimal, low, medium, high, xhigh, max, other efforts. */
const BUDGETS: StaticArray<i64> = [0, 1024, 1024, 4096, 16384, 16384, 16384, 1024];

/** Converse refuses longer names. */
const MAX_TOOL_NAME_BYTES: i32 = 64;

/** Tools that a conversation without a list of them may name. */
const MAX_TOOLS: i32 = 128;

export class RequestWriter {
  /** Texts beside tool calls are left out, as Go does. */
  dropsTextOfCalls: bool = false;

  private readonly json: JsonWriter;
  private readonly content: ContentWriter;
  private readonly model: Model;
  private readonly names: ToolNames;
  private readonly system: ChatPart[] = [];
  private turns: Turn[] = [];
  private hasOwnCachePoints: bool = false;
  private ttl: CacheTtl = CacheTtl.None;

  /** `additional`: members of `additionalModelRequestFields` from the configuration, which win. */
  constructor(
    private readonly request: ChatRequest,
    out: Buffer,
    modelName: string,
    private readonly cache: CacheSettings,
    private readonly additional: Json,
  ) {
    const json = new JsonWriter(out);
    this.json = json;
    this.content = new ContentWriter(json, request.dropped);
    this.model = new Model(modelName);
    renameTools(request, MAX_TOOL_NAME_BYTES);
    dropForeignSeals(request, false);
    this.names = new ToolNames(request);
  }

  write(): void {
    const request = this.request;
    const wanted = Json.read(request.option(Option.PromptCacheRetention)).text();
    for (let i = 0; i < request.messages.length; i++) this.clean(request.messages[i]);
    this.turns = new Turns(spoken(request.messages), request.dropped, true).list;
    if (this.turns.length == 0) this.turns.push(nothing());
    for (let i = 0; i < request.tools.length; i++) this.noteCachePoint(request.tools[i].cacheControl);
    if (this.model.cachesPrompts && !this.hasOwnCachePoints) this.ttl = this.cache.ttlOf(wanted);

    const json = this.json.object();
    this.writeMessages();
    this.writeSystem();
    const limits = this.model.isClaude ? new TokenLimits(request, BUDGETS) : null;
    this.writeInference(limits === null ? 0 : limits.thinkingBudget);
    this.writeAdditional(limits);
    json.key("performanceConfig").object().key("latency").text("standard").end();
    this.writeTools();
    this.writeSchema();
    json.end();
    request.dropOptions(Option.Seed, Option.Audio);
    request.dropOptions(Option.PromptCacheKey, Option.PromptCacheKey);
    if (this.ttl == CacheTtl.None)
      request.dropOptions(Option.PromptCacheRetention, Option.PromptCacheRetention);
    request.dropOptions(Option.Verbosity, Option.SafetyIdentifier);
    if (request.parallelToolCalls == Answer.No) request.dropped.add("parallel_tool_calls");
  }

  /** Leaves a message what Converse takes of it, and takes the system prompt out. */
  private clean(message: ChatMessage): void {
    const dropped = this.request.dropped;
    const isCall = this.dropsTextOfCalls && message.has(PartKind.ToolCall);
    const parts: ChatPart[] = [];
    for (let i = 0; i < message.parts.length; i++) {
      const part = message.parts[i];
      if (!this.content.takes(part)) continue;
      this.noteCachePoint(part.cacheControl);
      if (!message.isSystem) {
        if (isCall && part.kind == PartKind.Text) dropped.add("messages.content beside tool_calls");
        else parts.push(part);
      } else if (part.kind == PartKind.Text) {
        this.system.push(part);
      } else {
        dropped.add("messages.system.content");
      }
    }
    message.parts = parts;
  }

  private noteCachePoint(cacheControl: Span): void {
    if (!cacheControl.isEmpty) this.hasOwnCachePoints = true;
  }

  private writeMessages(): void {
    const turns = this.turns;
    const last = turns.length - 1;
    let lastUser = last;
    while (lastUser >= 0 && turns[lastUser].isAssistant) lastUser--;
    const json = this.json.key("messages").array();
    for (let i = 0; i <= last; i++) {
      const isAssistant = turns[i].isAssistant;
      const first = i;
      json
        .object()
        .key("role")
        .text(isAssistant ? "assistant" : "user")
        .key("content")
        .array();
      this.writeBlocks(turns[i].parts);
      // The sides have to alternate: what one says in a row is one message.
      while (i < last && turns[i + 1].isAssistant == isAssistant) this.writeBlocks(turns[++i].parts);
      if (lacksText(turns, first, i)) this.writeBlocks(nothing().parts);
      const isMarked =
        (i == last && this.cache.inLastMessage) || (i == lastUser && this.cache.inLastUserMessage);
      if (isMarked) writeCachePoint(json, this.ttl);
      json.end().end();
    }
    json.end();
  }

  private writeSystem(): void {
    if (this.system.length == 0) return;
    this.json.key("system").array();
    this.writeBlocks(this.system);
    if (this.cache.inSystem) writeCachePoint(this.json, this.ttl);
    this.json.end();
  }

  private writeBlocks(parts: ChatPart[]): void {
    for (let i = 0; i < parts.length; i++) {
      this.content.block(parts[i]);
      if (this.model.cachesPrompts) writeCachePoint(this.json, ttlOfControl(parts[i].cacheControl));
    }
  }

  private writeInference(thinkingBudget: i64): void {
    const request = this.request;
    const json = this.json.key("inferenceConfig").object();
    let maxTokens = maxTokensAsked(request);
    // The budget counts as part of the answer.
    if (maxTokens > 0 && maxTokens <= thinkingBudget) maxTokens = thinkingBudget + 1;
    if (maxTokens > 0) json.key("maxTokens").integer(maxTokens);
    // Claude refuses these together with thinking.
    if (thinkingBudget > 0) {
      request.dropOptions(Option.Temperature, Option.TopK);
    } else {
      settleSampling(request, this.model.version);
      const topP = request.option(Option.TopP);
      writeTemperature(json, request);
      if (!topP.isEmpty) json.key("topP").raw(topP);
    }
    this.writeStop();
    json.end();
  }

  private writeStop(): void {
    const stop = this.request.stop;
    let isOpen = false;
    for (let i = 0; i < stop.length; i++) {
      if (stop[i].isEmpty || (this.model.isClaude && isBlank(stop[i]))) {
        this.request.dropped.add("stop");
        continue;
      }
      if (!isOpen) this.json.key("stopSequences").array();
      isOpen = true;
      this.json.escaped(stop[i]);
    }
    if (isOpen) this.json.end();
  }

  private writeAdditional(limits: TokenLimits | null): void {
    const thinkingBudget = limits === null ? 0 : limits.thinkingBudget;
    const request = this.request;
    const additional = this.additional;
    const topK = request.option(Option.TopK);
    const hasTopK = thinkingBudget == 0 && !topK.isEmpty && !additional.get("top_k").exists;
    const hasThinking = thinkingBudget > 0 && !additional.get("thinking").exists;
    const hasEffort = this.model.isGptOss && !request.reasoningEffort.isEmpty;
    const writesEffort = hasEffort && !additional.get("reasoning_effort").exists;
    const isAsked = request.thinkingBudget > 0 || !request.reasoningEffort.isEmpty;
    if (!this.model.isClaude && !hasEffort && isAsked) {
      request.dropped.add("reasoning_effort");
    }
    if (!hasTopK && !hasThinking && !writesEffort && additional.length() == 0) return;
    const json = this.json.key("additionalModelRequestFields").object();
    if (hasThinking && limits !== null && this.model.isAdaptive) {
      json.key("thinking").object().key("type").text("adaptive").end();
      if (!additional.get("output_config").exists) {
        json.key("output_config").object().key("effort").text(limits.effort).end();
      }
    } else if (hasThinking) {
      json.key("thinking").object().key("type").text("enabled");
      json.key("budget_tokens").integer(thinkingBudget).end();
    }
    if (hasTopK) json.key("top_k").raw(topK);
    if (writesEffort) json.key("reasoning_effort").escaped(request.reasoningEffort);
    const members = additional.members();
    while (members.next()) json.keyBytes(members.keyBytes()).raw(members.value.raw());
    json.end();
  }

  private writeTools(): void {
    const request = this.request;
    const json = this.json;
    const tools = this.names.tools;
    if (tools.length == 0) {
      this.writeToolsOfCalls();
      return;
    }
    json.key("toolConfig").object().key("tools").array();
    for (let i = 0; i < tools.length; i++) {
      const tool = tools[i];
      this.writeTool(tool.name, tool.description, tool.parameters);
      if (this.model.cachesTools) writeCachePoint(json, ttlOfControl(tool.cacheControl));
      tool.dropStrict(request.dropped);
    }
    json.end().key("toolChoice").object();
    const choice = request.toolChoice;
    const name = request.toolChoiceName;
    const isOne = choice == ToolChoice.Tool && this.names.has(name);
    json.key(isOne ? "tool" : choice == ToolChoice.Required ? "any" : "auto").object();
    if (isOne) json.key("name").escaped(name);
    json.end();
    // A tool that is not there cannot be chosen, and no word is for none.
    if (choice == ToolChoice.None || (choice == ToolChoice.Tool && !isOne))
      request.dropped.add("tool_choice");
    json.end().end();
  }

  /** A conversation with calls is refused when their tools are not named, though no more are to be called. */
  private writeToolsOfCalls(): void {
    const names: Span[] = [];
    for (let i = 0; i < this.turns.length; i++) {
      const parts = this.turns[i].parts;
      for (let j = 0; j < parts.length; j++) {
        if (parts[j].kind != PartKind.ToolCall) continue;
        const name = parts[j].name;
        let known = 0;
        while (known < names.length && !names[known].equals(name)) known++;
        if (known == names.length && known < MAX_TOOLS) names.push(name);
      }
    }
    if (names.length == 0) return;
    const json = this.json.key("toolConfig").object().key("tools").array();
    for (let i = 0; i < names.length; i++) this.writeTool(names[i], Span.empty(), Span.empty());
    json.end().end();
  }

  private writeTool(name: Span, description: Span, schema: Span): void {
    const json = this.json.object().key("toolSpec").object().key("inputSchema").object().key("json");
    writeObjectSchema(json, schema, this.request.dropped);
    json.end().key("name").escaped(name);
    if (!isBlank(description)) json.key("description").escaped(description);
    json.end().end();
  }

  private writeSchema(): void {
    const request = this.request;
    request.dropOtherFormat();
    if (request.responseSchema.isEmpty || !this.model.takesSchema) {
      if (request.isJson || !request.responseSchema.isEmpty) request.dropped.add("response_format");
      return;
    }
    const json = this.json.key("outputConfig").object().key("textFormat").object();
    json.key("type").text("json_schema").key("structure").object().key("jsonSchema").object();
    // AWS refuses the words that Anthropic refuses.
    const closed = new Buffer(request.responseSchema.size + 64);
    writeOutputSchema(new JsonWriter(closed), Json.read(request.bareSchema()), request.dropped);
    const schema = new Buffer(closed.size + 64);
    writeValueEscaped(schema, closed.span());
    json.key("schema").escaped(schema.span());
    if (!request.responseSchemaName.isEmpty) json.key("name").escaped(request.responseSchemaName);
    json.end().end().end().end();
  }
}

/** True for a message with documents, which Converse refuses without a text beside them. */
function lacksText(turns: Turn[], first: i32, last: i32): bool {
  let hasDocument = false;
  for (let i = first; i <= last; i++) {
    const parts = turns[i].parts;
    for (let j = 0; j < parts.length; j++) {
      if (parts[j].kind == PartKind.Text) return false;
      if (isDocument(parts[j])) hasDocument = true;
    }
  }
  return hasDocument;
}

/** The messages that have something left to say. */
function spoken(messages: ChatMessage[]): ChatMessage[] {
  const kept: ChatMessage[] = [];
  for (let i = 0; i < messages.length; i++) {
    if (messages[i].isSystem || messages[i].parts.length > 0) kept.push(messages[i]);
  }
  return kept;
}
