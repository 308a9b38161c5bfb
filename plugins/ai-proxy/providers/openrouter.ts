// OpenRouter: thinking is limited in `reasoning.max_tokens`. https://openrouter.ai/docs/use-cases/reasoning-tokens

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Api } from "../apis";
import { Request } from "../request";
import { RequestBody } from "../request-body";
import { Provider } from "./provider";

export class OpenRouter extends Provider {
  constructor() {
    super("openrouter", "openrouter.ai");
    this.offers(Api.ChatCompletions, "/api/v1/chat/completions")
      .offers(Api.Completions, "/api/v1/completions")
      .recognisesOwnPaths()
      .takesTopK();
    this.requestOptions.seals = true;
    this.watched = ["reasoning_max_tokens", "reasoning_effort"];
  }

  editBody(body: RequestBody, request: Request): void {
    if (request.api != Api.ChatCompletions) return;
    let budget = body.get("reasoning_max_tokens").integer(0);
    if (budget > 0) body.remove("reasoning_max_tokens");
    else if (request.thinks) budget = request.thinkingBudget;
    if (budget <= 0) return;
    if (body.has("reasoning_effort")) body.remove("reasoning_effort");
    body.set("reasoning.max_tokens", Span.text(budget.toString()));
  }
}
