// What a client of each dialect may rely on in every stream, whatever the provider sent. The checks throw.
import assert from "node:assert/strict";
import type { Dialect } from "./conversion.ts";
import { eventsOf } from "./conversion.ts";

export function checkStream(dialect: Dialect, stream: string): void {
  if (dialect === "anthropic") checkMessageStream(stream);
  else checkChunkStream(stream);
}

/** One block open at a time, numbered from 0; deltas fit their block; the end is `message_stop` or an error. */
function checkMessageStream(stream: string): void {
  const events = eventsOf(stream).map((event) => {
    const value = JSON.parse(event.data);
    assert.equal(event.name, value.type, "the event's name is its type");
    return value;
  });
  if (events.length === 0) return;
  const deltas: Record<string, string[]> = {
    text: ["text_delta"],
    thinking: ["thinking_delta", "signature_delta"],
    tool_use: ["input_json_delta"],
    redacted_thinking: [],
  };
  let blocks = 0;
  let open: string | undefined;
  events.forEach((event, position) => {
    const isLast = position === events.length - 1;
    switch (event.type) {
      case "message_start":
        assert.equal(position, 0);
        assert.equal(typeof event.message.usage.output_tokens, "number");
        break;
      case "content_block_start":
        assert.equal(open, undefined, "blocks do not overlap");
        assert.equal(event.index, blocks);
        open = event.content_block.type as string;
        assert.ok(open in deltas, open);
        break;
      case "content_block_delta":
        assert.equal(event.index, blocks);
        assert.ok(deltas[open ?? ""]?.includes(event.delta.type), `${event.delta.type} in ${open}`);
        break;
      case "content_block_stop":
        assert.equal(event.index, blocks++);
        assert.notEqual(open, undefined);
        open = undefined;
        break;
      case "message_delta":
        assert.equal(open, undefined, "all blocks are closed");
        assert.equal(typeof event.delta.stop_reason, "string");
        assert.equal(typeof event.usage.output_tokens, "number");
        assert.equal(events[position + 1]?.type, "message_stop");
        break;
      case "message_stop":
      case "error":
        assert.ok(isLast, `${event.type} is last`);
        break;
      default:
        assert.fail(event.type);
    }
    if (isLast) assert.ok(event.type === "message_stop" || event.type === "error", "the stream is ended");
  });
}

/** Chunks of one answer, each choice begun by its role, tool calls numbered in order, one `[DONE]` at the end. */
function checkChunkStream(stream: string): void {
  const events = eventsOf(stream);
  assert.equal(events.at(-1)?.data, "[DONE]");
  const begun = new Set<number>();
  const calls = new Map<number, number>();
  let hasFailed = false;
  for (const { name, data } of events.slice(0, -1)) {
    assert.equal(name, "");
    assert.ok(!hasFailed, "nothing follows an error");
    const chunk = JSON.parse(data);
    if (chunk.error) {
      assert.equal(typeof chunk.error.message, "string");
      hasFailed = true;
      continue;
    }
    assert.equal(chunk.object, "chat.completion.chunk");
    assert.ok("usage" in chunk);
    for (const choice of chunk.choices) {
      if (choice.delta.role) begun.add(choice.index);
      assert.ok(begun.has(choice.index), "a choice begins with its role");
      for (const call of choice.delta.tool_calls ?? []) {
        const known = calls.get(choice.index) ?? 0;
        if (call.id !== undefined) {
          assert.equal(call.index, known);
          calls.set(choice.index, known + 1);
        }
        assert.ok(call.index < (calls.get(choice.index) ?? 0), "arguments follow their call");
      }
    }
  }
}
