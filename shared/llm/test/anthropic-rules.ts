// What Anthropic's API refuses, as far as its documentation and its errors tell. The checks throw.
import assert from "node:assert/strict";

const name = /^[a-zA-Z0-9_-]{1,128}$/;
const id = /^[a-zA-Z0-9_-]+$/;
const blank = /^[ \n\r\t]*$/;

type Block = Record<string, any>;

/** Throws where the API would refuse the body of a request. */
export function checkAnthropicRequest(body: Record<string, any>): void {
  assert.ok(body.max_tokens >= 1);
  assert.ok(body.messages.length > 0, "there is a message");
  assert.equal(body.messages[0].role, "user", "the user begins");
  if (typeof body.temperature === "number") assert.ok(body.temperature <= 1);
  for (const text of body.stop_sequences ?? [])
    assert.ok(!blank.test(text), "a stop sequence says something");
  if (body.stop_sequences) assert.ok(body.stop_sequences.length > 0);
  if (typeof body.system === "string") assert.ok(!blank.test(body.system));
  checkTools(body);
  checkTurns(body.messages);
}

function checkTools(body: Record<string, any>): void {
  const names = new Set<string>();
  for (const tool of body.tools ?? []) {
    assert.match(tool.name, name);
    assert.ok(!names.has(tool.name), "each name once");
    names.add(tool.name);
    assert.ok("type" in tool.input_schema);
  }
  if (body.tool_choice) assert.ok(names.size > 0);
  if (body.tool_choice?.type === "tool") assert.ok(names.has(body.tool_choice.name));
}

function checkTurns(messages: { role: string; content: string | Block[] }[]): void {
  const known = new Set<string>();
  let open: string[] = [];
  for (let i = 0; i < messages.length;) {
    const { role } = messages[i]!;
    // Messages of one role in a row are one turn.
    const blocks: Block[] = [];
    for (; i < messages.length && messages[i]!.role === role; i++) {
      const { content } = messages[i]!;
      assert.ok(content.length > 0, "no message is empty");
      blocks.push(...(typeof content === "string" ? [{ type: "text", text: content }] : content));
    }
    const results = blocks.filter((block) => block.type === "tool_result");
    assert.deepEqual(results, blocks.slice(0, results.length), "results come first");
    assert.deepEqual(
      results.map((block) => block.tool_use_id).sort(),
      open.sort(),
      "each call has one result",
    );
    open = [];
    for (const block of blocks) {
      checkBlock(block, role);
      if (block.type !== "tool_use") continue;
      assert.ok(!known.has(block.id), "each id once");
      known.add(block.id);
      open.push(block.id);
    }
    if (i === messages.length && role === "assistant" && blocks.at(-1)?.type === "text") {
      assert.doesNotMatch(blocks.at(-1)!.text, /[ \n\r\t]$/);
    }
  }
  assert.deepEqual(open, [], "each call has a result");
}

function checkBlock(block: Block, role: string): void {
  const allowed =
    role === "assistant"
      ? ["text", "thinking", "redacted_thinking", "tool_use"]
      : ["text", "image", "document", "tool_result"];
  assert.ok(allowed.includes(block.type), `${block.type} from ${role}`);
  if (block.type === "text") assert.ok(!blank.test(block.text), "text is not blank");
  if (block.type === "tool_use") {
    assert.match(block.id, id);
    assert.match(block.name, name);
    assert.equal(Object.prototype.toString.call(block.input), "[object Object]");
  }
  if (block.type === "image" && block.source.type === "base64") {
    assert.match(block.source.media_type, /^image\/(jpeg|png|gif|webp)$/);
  }
  if (block.type === "tool_result" && Array.isArray(block.content)) {
    for (const inner of block.content) checkBlock(inner, "user");
  }
}
