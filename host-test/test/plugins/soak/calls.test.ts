// Tool calls through rest-to-mcp (soak.ts).

import { test } from "vitest";
import { toolCall, tools } from "../built.ts";
import { soak, someText, type Message, type Random } from "./soak.ts";

function call(random: Random): Message {
  const text = someText(random);
  return {
    headers: [
      [":path", "/mcp"],
      [":authority", "mcp.test"],
      ["mcp-protocol-version", "2025-06-18"],
    ],
    body: Buffer.from(toolCall(text)),
    answer: [Buffer.from(JSON.stringify({ saved: text }))],
    type: "application/json",
  };
}

test(
  "calls through rest-to-mcp: memory is flat, and nothing is left of any exchange",
  { timeout: 14_400_000 },
  () => {
    soak("rest-to-mcp", [["rest-to-mcp", tools]], call);
  },
);
