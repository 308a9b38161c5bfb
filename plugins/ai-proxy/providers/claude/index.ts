// Anthropic's own API: https://platform.claude.com/docs/en/api/messages

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { readAnthropicAnswer } from "as-proxy-wasm-sdk/llm/anthropic/answer-reader";
import {
  AnthropicRequestOptions,
  writeAnthropicRequest,
} from "as-proxy-wasm-sdk/llm/anthropic/request-writer";
import { AnthropicStreamReader } from "as-proxy-wasm-sdk/llm/anthropic/stream-reader";
import { ChatMessage, ChatPart, ChatRequest, Role } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { AnswerStage, MAX_EVENT_BYTES, ReaderStage } from "../../answer-stage";
import { Api } from "../../apis";
import { Settings } from "../../config/settings";
import { withQuery } from "../../path";
import { Request } from "../../request";
import { Provider } from "../provider";

export class Claude extends Provider {
  private version: string = "2023-06-01";
  /** The token is that of a Claude Code user: the request must look like that client's. */
  private isCode: bool = false;

  constructor() {
    super("claude", "api.anthropic.com");
    this.offers(Api.ChatCompletions, "/v1/messages")
      .offers(Api.Completions, "/v1/complete")
      .offersAsOpenAi(Api.AnthropicMessages)
      .embeddings()
      .models()
      .recognises("/v1/messages", Api.ChatCompletions)
      .recognises("/v1/complete", Api.Completions)
      .recognises("/v1/models", Api.Models)
      .recognises("/v1/embeddings", Api.Embeddings)
      .passesUnsupported();
    this.hasDialect = true;
    this.reasoningName = "reasoning";
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    this.version = reader.text("claudeVersion", reader.text("apiVersion", this.version));
    if (this.version.length == 0) this.version = "2023-06-01";
    this.isCode = reader.flag("claudeCodeMode");
  }

  pathFor(request: Request): string {
    const path = super.pathFor(request);
    return this.isCode && !path.includes("beta=true") ? withQuery(path, "beta=true") : path;
  }

  authenticate(request: Request, head: Head): void {
    head.set("anthropic-version", this.version);
    if (!this.isCode) {
      head.set("x-api-key", request.token);
      return;
    }
    head.set("authorization", "Bearer " + request.token);
    head.set("user-agent", "claude-cli/2.1.2 (external, cli)");
    head.set("x-app", "cli");
    head.set("anthropic-beta", "oauth-2025-04-20,interleaved-thinking-2025-05-14,claude-code-20250219");
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    const options = new AnthropicRequestOptions();
    options.claudeCode = this.isCode;
    options.outputFormat = true;
    writeAnthropicRequest(chat, out, options);
    return "";
  }

  /** The text comes first, as in Go. */
  insertContext(chat: ChatRequest, text: Span): void {
    const message = new ChatMessage(Role.System);
    message.parts.push(ChatPart.text(text));
    chat.messages.unshift(message);
  }

  newStream(out: Buffer, events: ChatEvents, request: Request): AnswerStage {
    return new ReaderStage(out, new AnthropicStreamReader(events, MAX_EVENT_BYTES));
  }

  readAnswer(body: Span, events: ChatEvents, request: Request): bool {
    return readAnthropicAnswer(body, events);
  }
}
