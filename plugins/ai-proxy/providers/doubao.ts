// Doubao (Volcengine Ark).

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Api } from "../apis";
import { Request } from "../request";
import { RequestBody } from "../request-body";
import { Provider } from "./provider";

export class Doubao extends Provider {
  constructor() {
    super("doubao", "ark.cn-beijing.volces.com");
    this.offers(Api.ChatCompletions, "/api/v3/chat/completions")
      .offers(Api.Embeddings, "/api/v3/embeddings")
      .offers(Api.ImageGeneration, "/api/v3/images/generations")
      .offers(Api.Responses, "/api/v3/responses")
      .recognisesOwnPaths()
      .hostFrom("doubaoDomain");
    this.watched = ["parallel_tool_calls", "tool_choice", "watermark"];
  }

  editBody(body: RequestBody, request: Request): void {
    if (request.api == Api.Responses) {
      // Its responses API refuses a request that has these.
      drop(body, "parallel_tool_calls", request);
      drop(body, "tool_choice", request);
    } else if (request.api == Api.ImageGeneration && !body.has("watermark")) {
      body.set("watermark", Span.text("false"));
    }
  }
}

function drop(body: RequestBody, name: string, request: Request): void {
  if (!body.has(name)) return;
  body.remove(name);
  request.dropped.add(name);
}
