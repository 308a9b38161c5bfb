// Zhipu: thinking is switched on and off in `thinking`.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Api } from "../apis";
import { Settings } from "../config/settings";
import { Dialect, Request } from "../request";
import { RequestBody } from "../request-body";
import { Provider } from "./provider";

const CHAT = "/api/paas/v4/chat/completions";
const CODE_PLAN_CHAT = "/api/coding/paas/v4/chat/completions";

export class Zhipuai extends Provider {
  constructor() {
    super("zhipuai", "open.bigmodel.cn");
    this.offers(Api.ChatCompletions, CHAT)
      .offers(Api.Embeddings, "/api/paas/v4/embeddings")
      .takesReasoning()
      .recognises(CHAT, Api.ChatCompletions)
      .recognises(CODE_PLAN_CHAT, Api.ChatCompletions)
      .recognises("/api/paas/v4/embeddings", Api.Embeddings)
      .recognises("/api/anthropic/v1/messages", Api.AnthropicMessages)
      .hostFrom("zhipuDomain");
    this.watched = ["reasoning_effort"];
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    if (reader.flag("zhipuCodePlanMode")) this.offers(Api.ChatCompletions, CODE_PLAN_CHAT);
  }

  editBody(body: RequestBody, request: Request): void {
    if (request.api != Api.ChatCompletions) return;
    if (body.get("reasoning_effort").text().length > 0) {
      body.remove("reasoning_effort");
      request.dropped.add("reasoning_effort");
      body.set("thinking", Span.text('{"type":"enabled"}'));
    } else if (request.dialect == Dialect.Anthropic && !request.thinks) {
      body.set("thinking", Span.text('{"type":"disabled"}'));
    }
  }
}
