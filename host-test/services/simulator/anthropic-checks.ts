// What Anthropic checks in a messages request before it answers, with its own words for what it finds. A gateway
// that translates into this dialect is held to the same rules as by the provider.
import type { JsonObject } from "./json-value.ts";
import { isObject, numberOf, objectOf, objectsOf, textOf } from "./json-value.ts";
import { Refusal } from "./refusal.ts";

// Stable and beta, as the official client's types list them.
const fields = new Set(
  (
    "model messages max_tokens system stop_sequences stream temperature top_p top_k tools tool_choice thinking metadata " +
    "service_tier container context_management compaction mcp_servers output_config output_format inference_geo " +
    "cache_control diagnostics speed fallbacks fallback_credit_token billing_policy thread user_profile_id workspace_id"
  ).split(" "),
);

const contentTypes = new Set(
  (
    "text image document search_result thinking redacted_thinking tool_use tool_result server_tool_use " +
    "web_search_tool_result web_fetch_tool_result advisor_tool_result code_execution_tool_result " +
    "bash_code_execution_tool_result text_editor_code_execution_tool_result tool_search_tool_result mcp_tool_use " +
    "mcp_tool_result mcp_tool_listing container_upload compaction tool_addition tool_removal fallback"
  ).split(" "),
);

const roles = ["user", "assistant", "system"];

const minimalThinking = 1024;

/** @throws Refusal with the first thing that Anthropic would object to */
export function checkRequest(body: JsonObject): void {
  for (const field of ["model", "messages", "max_tokens"]) {
    if (body[field] === undefined) throw new Refusal(400, `${field}: Field required`);
  }
  const extra = Object.keys(body).find((field) => !fields.has(field));
  if (extra !== undefined) throw new Refusal(400, `${extra}: Extra inputs are not permitted`);
  const maxTokens = numberOf(body.max_tokens);
  if (maxTokens === undefined) throw new Refusal(400, "max_tokens: Input should be a valid integer");
  if (maxTokens < 1) throw new Refusal(400, "max_tokens: must be greater than or equal to 1");
  checkSystem(body.system);
  checkThinking(objectOf(body.thinking), maxTokens);
  if (!Array.isArray(body.messages)) throw new Refusal(400, "messages: Input should be a valid array");
  if (body.messages.length === 0) throw new Refusal(400, "messages: at least one message is required");
  body.messages.forEach(checkMessage);
  checkToolUses(turnsOf(objectsOf(body.messages)));
}

function checkSystem(system: unknown): void {
  if (system === undefined || typeof system === "string") return;
  if (!Array.isArray(system)) throw new Refusal(400, "system: Input should be a valid list");
  if (objectsOf(system).some((block) => textOf(block.text) === "")) {
    throw new Refusal(400, "system: text content blocks must be non-empty");
  }
}

function checkThinking(thinking: JsonObject, maxTokens: number): void {
  if (thinking.type !== "enabled") return;
  const budget = numberOf(thinking.budget_tokens);
  if (budget === undefined) throw new Refusal(400, "thinking.enabled.budget_tokens: Field required");
  if (budget < minimalThinking) {
    throw new Refusal(
      400,
      `thinking.enabled.budget_tokens: Input should be greater than or equal to ${minimalThinking}`,
    );
  }
  if (maxTokens <= budget)
    throw new Refusal(400, "`max_tokens` must be greater than `thinking.budget_tokens`.");
}

function checkMessage(message: unknown, index: number): void {
  const { role, content } = objectOf(message);
  if (!roles.includes(textOf(role))) {
    throw new Refusal(400, `messages.${index}.role: Input should be 'user', 'assistant' or 'system'`);
  }
  if (content === undefined || content === null)
    throw new Refusal(400, `messages.${index}.content: Field required`);
  if (content === "") throw new Refusal(400, "messages: text content blocks must be non-empty");
  if (typeof content === "string") return;
  if (!Array.isArray(content))
    throw new Refusal(400, `messages.${index}.content: Input should be a valid list`);
  content.forEach((block, position) => checkBlock(block, `messages.${index}.content.${position}`));
}

function checkBlock(block: unknown, place: string): void {
  if (!isObject(block)) throw new Refusal(400, `${place}: Input should be a valid dictionary`);
  const type = textOf(block.type);
  if (!contentTypes.has(type)) {
    throw new Refusal(
      400,
      `${place}: Input tag '${type}' found using 'type' does not match any of the expected tags`,
    );
  }
  if (type === "text" && textOf(block.text) === "") {
    throw new Refusal(400, "messages: text content blocks must be non-empty");
  }
  if (type === "tool_use" && !isObject(block.input)) {
    throw new Refusal(400, `${place}.tool_use.input: Input should be a valid dictionary`);
  }
  if (type === "image" || type === "document") {
    const source = objectOf(block.source);
    if (textOf(source.type) === "") throw new Refusal(400, `${place}.${type}.source: Field required`);
  }
}

// Messages of one role in a row count as one turn.
function turnsOf(messages: JsonObject[]): { role: unknown; blocks: JsonObject[]; index: number }[] {
  const turns: { role: unknown; blocks: JsonObject[]; index: number }[] = [];
  messages.forEach((message, index) => {
    const blocks = objectsOf(message.content);
    const last = turns.at(-1);
    if (last?.role === message.role) last?.blocks.push(...blocks);
    else turns.push({ role: message.role, blocks: [...blocks], index });
  });
  return turns;
}

function checkToolUses(turns: { blocks: JsonObject[]; index: number }[]): void {
  let asked: string[] = [];
  for (const { blocks, index } of turns) {
    const answered = blocks
      .filter((block) => block.type === "tool_result")
      .map((block) => textOf(block.tool_use_id));
    const missing = asked.filter((id) => !answered.includes(id));
    if (missing.length > 0) throw unansweredUse(index - 1, missing);
    const unexpected = answered.find((id) => !asked.includes(id));
    if (unexpected !== undefined) {
      throw new Refusal(
        400,
        `messages.${index}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${unexpected}. Each ` +
          "`tool_result` block must have a corresponding `tool_use` block in the previous message.",
      );
    }
    asked = blocks.filter((block) => block.type === "tool_use").map((block) => textOf(block.id));
  }
  if (asked.length > 0) throw unansweredUse(turns.at(-1)?.index ?? 0, asked);
}

function unansweredUse(index: number, ids: string[]): Refusal {
  return new Refusal(
    400,
    `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
      `${ids.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  );
}
