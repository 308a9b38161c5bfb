// Which entries of the configuration send the answers that were recorded.

import type { ClientDialect } from "../../../host-test/testing/official-clients.ts";
import type { Recording } from "../../../host-test/testing/recordings.ts";

/** By the prefix of their path in tests that have all of them behind one gateway. */
export const recordedEntries: Record<string, { type: string; [key: string]: unknown }> = {
  azure: { type: "azure", azureServiceUrl: "https://azure.example.com/openai/v1?api-version=preview" },
  bedrock: { type: "bedrock", awsRegion: "eu-central-1" },
  claude: { type: "claude" },
  cohere: { type: "cohere", cohereApiVersion: "v2" },
  deepseek: { type: "deepseek" },
  gemini: { type: "gemini" },
  groq: { type: "groq" },
  grok: { type: "grok" },
  mistral: { type: "mistral" },
  moonshot: { type: "moonshot" },
  openai: { type: "openai" },
  qwen: { type: "qwen" },
  responses: { type: "openai", chatApi: "responses" },
  vertex: { type: "vertex", modelMapping: { "*": "gemini-3-pro" } },
  "vertex-claude": { type: "vertex", modelMapping: { "*": "claude-opus-4-8" } },
  vllm: { type: "vllm", vllmServerHost: "vllm.example.com" },
};

/** Entries by the first folder of a recording; others speak OpenAI's dialect. */
const chatEntries: Record<string, string> = {
  alibaba: "qwen",
  deepseek: "deepseek",
  groq: "groq",
  mistral: "mistral",
  moonshotai: "moonshot",
  xai: "grok",
};

/** Names of the entries whose provider sends such an answer. */
export function entriesOf({ kind, provider, expected }: Recording, client: ClientDialect): string[] {
  const stop = expected?.stop;
  switch (kind) {
    case "messages":
      // Put into words of its own again, an explanation of a refusal is text for Anthropic's clients.
      return client === "anthropic" && stop === "refusal" ? ["claude"] : ["claude", "vertex-claude"];
    case "gemini":
      // Of Vertex AI, OpenAI's clients get reasoning as Higress gives it: in the content, between tags.
      return client === "openai" && expected?.reasoning ? ["gemini"] : ["gemini", "vertex"];
    case "converse":
      return ["bedrock"];
    case "cohere":
      return ["cohere"];
    case "responses":
      return [client === "responses" ? "openai" : "responses"];
    case "chat":
      return [speaksItself(chatEntries[provider], client) ? "vllm" : (chatEntries[provider] ?? "openai")];
    default:
      return [];
  }
}

/** Providers that offer the client's own dialect would not send such an answer. */
function speaksItself(entry: string | undefined, client: ClientDialect): boolean {
  if (client === "anthropic") return entry === "deepseek" || entry === "qwen";
  return client === "responses" && (entry === undefined || entry === "groq" || entry === "qwen");
}
