// Chats through the limiter and the proxy, half of them translated, half of them streams (soak.ts).

import { test } from "vitest";
import { chatPath, chatRequest, limiting, proxying } from "../built.ts";
import { soak, someText, type Message, type Random } from "./soak.ts";

const events = (list: [name: string, data: object | string][]) =>
  list.map(([name, data]) =>
    Buffer.from(
      `${name === "" ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`,
    ),
  );

function claudeStream(text: string): Uint8Array[] {
  const delta = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
  return events([
    [
      "message_start",
      { type: "message_start", message: { id: "m", content: [], usage: { input_tokens: 1 } } },
    ],
    [
      "content_block_start",
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ],
    ["content_block_delta", delta],
    ["content_block_delta", delta],
    [
      "message_delta",
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } },
    ],
    ["message_stop", { type: "message_stop" }],
  ]);
}

function openaiStream(text: string): Uint8Array[] {
  const chunk = (more: object) => ({ id: "c", object: "chat.completion.chunk", ...more });
  return events([
    ["", chunk({ choices: [{ index: 0, delta: { content: text } }] })],
    ["", chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })],
    ["", chunk({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 9, total_tokens: 10 } })],
    ["", "[DONE]"],
  ]);
}

function chat(random: Random): Message {
  const isClaude = random(2) === 0;
  const stream = random(2) === 0;
  const text = someText(random);
  const whole = isClaude
    ? {
        type: "message",
        role: "assistant",
        content: [{ type: "text", text }],
        usage: { input_tokens: 1, output_tokens: 2 },
      }
    : {
        choices: [{ index: 0, message: { role: "assistant", content: text } }],
        usage: { total_tokens: 9 },
      };
  return {
    headers: [
      [":path", chatPath],
      [":authority", isClaude ? "claude.test" : "openai.test"],
      ["x-mse-consumer", `consumer-${random(50)}`],
    ],
    body: Buffer.from(chatRequest(text, { stream })),
    answer: stream
      ? isClaude
        ? claudeStream(text)
        : openaiStream(text)
      : [Buffer.from(JSON.stringify(whole))],
    type: stream ? "text/event-stream" : "application/json",
  };
}

test(
  "chats through model-ratelimit and ai-proxy: memory is flat, and nothing is left of any exchange",
  { timeout: 14_400_000 },
  () => {
    soak(
      "model-ratelimit + ai-proxy",
      [
        ["model-ratelimit", limiting],
        ["ai-proxy", proxying],
      ],
      chat,
    );
  },
);
