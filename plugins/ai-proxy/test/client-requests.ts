// Requests of clients of all four dialects: the golden ones of shared/llm, and where each dialect sends them.

import { readdirSync, readFileSync } from "node:fs";
import { clientDialects, type ClientDialect } from "../../../host-test/testing/official-clients.ts";
import type { TestRequest } from "../../../host-test/testing/chain.ts";
import { chat } from "./proxy.ts";

export { clientDialects, type ClientDialect };

export interface GoldenRequest {
  dialect: ClientDialect;
  file: string;
  body: string;
}

const golden = new URL("../../../shared/llm/test/fixtures/", import.meta.url);

/** Files of a dialect's own, told by their one suffix; those with two are what it becomes in another. */
export function goldenFiles(dialect: ClientDialect, name: RegExp): { file: string; text: string }[] {
  const folder = new URL(`${dialect}/`, golden);
  return readdirSync(folder)
    .filter((file) => name.test(file) && file.split(".").length === 2)
    .map((file) => ({ file, text: readFileSync(new URL(file, folder), "utf8") }));
}

export const goldenRequests: GoldenRequest[] = clientDialects.flatMap((dialect) =>
  goldenFiles(dialect, /^request-/).map(({ file, text }) => ({ dialect, file, body: text })),
);

/** How a client wants its answer; `list`: a Gemini client's stream as one JSON list, a stream for all others. */
export type Way = "whole" | "stream" | "list";

/** Where a client of this dialect sends a conversation. */
export function pathOf(dialect: ClientDialect, way: Way, model = "gpt-4o"): string {
  switch (dialect) {
    case "openai":
      return "/v1/chat/completions";
    case "anthropic":
      return "/v1/messages";
    case "responses":
      return "/v1/responses";
    case "gemini":
      if (way === "whole") return `/v1beta/models/${model}:generateContent`;
      return `/v1beta/models/${model}:streamGenerateContent${way === "stream" ? "?alt=sse" : ""}`;
  }
}

/** The body, asking for a stream where the dialect says so in the body. */
export function bodyOf(dialect: ClientDialect, way: Way, body: string): string {
  if (dialect === "gemini" || way === "whole") return body;
  return body.replace("{", '{"stream": true, ');
}

/** The smallest conversation of a dialect. */
export function question(dialect: ClientDialect, way: Way, text = "Hi"): TestRequest {
  const messages = [{ role: "user", content: text }];
  const body = {
    openai: { model: "gpt-4o", messages },
    anthropic: { model: "gpt-4o", max_tokens: 100, messages },
    responses: { model: "gpt-4o", input: text },
    gemini: { contents: [{ role: "user", parts: [{ text }] }] },
  }[dialect];
  return chat(bodyOf(dialect, way, JSON.stringify(body)), { path: pathOf(dialect, way) });
}
