// Every provider type. A row says what differs from an OpenAI-compatible provider that takes
// `authorization: Bearer <token>` and refuses APIs it does not offer.

import { Api } from "../apis";
import { Azure } from "./azure";
import { Bedrock } from "./bedrock";
import { Claude } from "./claude";
import { Cohere } from "./cohere";
import { DeepL } from "./deepl";
import { Dify } from "./dify";
import { Doubao } from "./doubao";
import { Gemini } from "./gemini";
import { Hunyuan } from "./hunyuan";
import { MiniMax } from "./minimax";
import { Moonshot } from "./moonshot";
import { Auth, Provider } from "./provider";
import { Ollama } from "./ollama";
import { OpenAi } from "./openai";
import { OpenRouter } from "./openrouter";
import { Qwen } from "./qwen";
import { Spark } from "./spark";
import { Triton } from "./triton";
import { Vertex } from "./vertex";
import { Vllm } from "./vllm";
import { Zhipuai } from "./zhipuai";

function openaiLike(type: string, host: string): Provider {
  return new Provider(type, host);
}

/** A new provider of this type, or null when there is none. */
export function newProvider(type: string): Provider | null {
  switch (type) {
    case "ai360":
      return openaiLike(type, "api.360.cn").chat().embeddings().authenticates(Auth.Bare);
    case "baichuan":
      return openaiLike(type, "api.baichuan-ai.com").chat().embeddings();
    case "baidu":
      return openaiLike(type, "qianfan.baidubce.com")
        .offers(Api.ChatCompletions, "/v2/chat/completions")
        .recognisesOwnPaths()
        .offers(Api.Embeddings, "/v2/embeddings");
    case "claude":
      return new Claude();
    case "azure":
      return new Azure();
    case "bedrock":
      return new Bedrock();
    case "cloudflare":
      return openaiLike(type, "api.cloudflare.com")
        .chat()
        .always("/client/v4/accounts/{account_id}/ai/v1/chat/completions")
        .fills("{account_id}", "cloudflareAccountId");
    case "cohere":
      return new Cohere();
    case "coze":
      return openaiLike(type, "api.coze.cn").leavesPathAndBody();
    case "deepseek":
      return openaiLike(type, "api.deepseek.com")
        .chat()
        .models()
        .takesReasoning()
        .offers(Api.AnthropicMessages, "/anthropic/v1/messages");
    case "deepl":
      return new DeepL();
    case "dify":
      return new Dify();
    case "doubao":
      return new Doubao();
    case "fireworks":
      return openaiLike(type, "api.fireworks.ai")
        .chat()
        .completions()
        .models()
        .recognisesOwnPaths()
        .takesTopK();
    case "gemini":
      return new Gemini();
    case "generic":
      return openaiLike(type, "")
        .hostFrom("genericHost")
        .withoutToken()
        .leavesPathAndBody()
        .limitsFirstBytes();
    case "github":
      return openaiLike(type, "models.inference.ai.azure.com")
        .offers(Api.ChatCompletions, "/chat/completions")
        .offers(Api.Embeddings, "/embeddings")
        .recognisesOwnPaths()
        .authenticates(Auth.Bare);
    case "grok":
      return openaiLike(type, "api.x.ai").chat().recognisesOwnPaths();
    case "groq":
      return openaiLike(type, "api.groq.com")
        .offers(Api.ChatCompletions, "/openai/v1/chat/completions")
        .recognisesOwnPaths()
        .offers(Api.Responses, "/openai/v1/responses")
        .refusesUnknown();
    case "longcat":
      return openaiLike(type, "api.longcat.chat").chat().embeddings().models().withResponseSchema();
    case "hunyuan":
      return new Hunyuan();
    case "minimax":
      return new MiniMax();
    case "mistral":
      return openaiLike(type, "api.mistral.ai")
        .chat()
        .embeddings()
        .keepsPath()
        .refusesUnknown()
        .takesShortCallIds();
    case "moonshot":
      return new Moonshot();
    case "ollama":
      return new Ollama();
    case "openai":
      return new OpenAi();
    case "openrouter":
      return new OpenRouter();
    case "qwen":
      return new Qwen();
    case "spark":
      return new Spark();
    case "stepfun":
      return openaiLike(type, "api.stepfun.com").chat();
    case "together-ai":
      return openaiLike(type, "api.together.xyz").chat().recognisesOwnPaths().takesTopK();
    case "triton":
      return new Triton();
    case "vertex":
      return new Vertex();
    case "vllm":
      return new Vllm();
    case "yi":
      return openaiLike(type, "api.lingyiwanwu.com").chat();
    case "zhipuai":
      return new Zhipuai();
    default:
      return null;
  }
}
