// What a client of each dialect may rely on in every stream, whatever the provider sent. The checks throw.
import assert from "node:assert/strict";
import type { Dialect } from "./conversion.ts";
import { eventsOf } from "./conversion.ts";

export function checkStream(dialect: Dialect, stream: string): void {
  if (dialect === "anthropic") checkMessageStream(stream);
  else if (dialect === "responses") checkResponseStream(stream);
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
    text: ["text_delta", "citations_delta"],
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

const partEvents: Record<string, { part: string; delta: string; text: string }> = {
  output_text: { part: "content_part", delta: "output_text", text: "text" },
  refusal: { part: "content_part", delta: "refusal", text: "refusal" },
  summary_text: { part: "reasoning_summary_part", delta: "reasoning_summary_text", text: "text" },
};

interface OpenItem {
  item: any;
  arguments: string;
  parts: any[];
  isPartOpen: boolean;
}

/**
 * Events numbered from 0; items in order of their index, each opened, filled and closed once, parts one at a time;
 * deltas add up to the closing events, and these to the response that ends the stream.
 */
function checkResponseStream(stream: string): void {
  const events = eventsOf(stream).map((event) => {
    const value = JSON.parse(event.data);
    assert.equal(event.name, value.type, "the event's name is its type");
    return value;
  });
  const open = new Map<number, OpenItem>();
  const done: any[] = [];
  let hasFailed = false;
  events.forEach((event, position) => {
    assert.equal(event.sequence_number, position);
    const type: string = event.type;
    const known = open.get(event.output_index);
    if (event.item_id !== undefined) assert.equal(known?.item.id, event.item_id);
    if (hasFailed) assert.equal(type, "response.failed");
    if (position < 2) {
      assert.equal(type, ["response.created", "response.in_progress"][position]);
      assert.equal(event.response.status, "in_progress");
      assert.deepEqual(event.response.output, []);
    } else if (type === "error") {
      hasFailed = true;
      assert.equal(typeof event.error.message, "string");
    } else if (type === "response.failed") {
      assert.ok(hasFailed && event.response.error.message);
    } else if (type === "response.completed" || type === "response.incomplete") {
      assert.equal(open.size, 0, "all items are closed");
      assert.equal(`response.${event.response.status}`, type);
      assert.deepEqual(event.response.output, done);
      assert.equal(typeof event.response.usage.total_tokens, "number");
    } else if (type === "response.output_item.added") {
      assert.equal(event.output_index, open.size + done.filter(Boolean).length);
      open.set(event.output_index, { item: event.item, arguments: "", parts: [], isPartOpen: false });
    } else if (type === "response.output_item.done") {
      assert.ok(known && !known.isPartOpen);
      assert.equal(event.item.id, known.item.id);
      assert.deepEqual(event.item.content ?? event.item.summary ?? [], known.parts);
      assert.equal(event.item.arguments ?? "", known.arguments);
      open.delete(event.output_index);
      done[event.output_index] = event.item;
    } else if (type.endsWith("_part.added")) {
      assert.ok(known && !known.isPartOpen);
      assert.equal(event.content_index ?? event.summary_index, known.parts.length);
      known.parts.push({ ...event.part });
      known.isPartOpen = true;
      assert.ok(type.includes(partEvents[event.part.type]!.part));
    } else if (type.endsWith("_part.done")) {
      assert.ok(known?.isPartOpen);
      assert.deepEqual(event.part, known.parts.at(-1));
      known.isPartOpen = false;
    } else if (type.startsWith("response.function_call_arguments.")) {
      assert.ok(known);
      if (type.endsWith(".delta")) known.arguments += event.delta;
      else assert.equal(event.arguments, known.arguments);
    } else if (type.startsWith("response.image_generation_call.")) {
      assert.equal(known?.item.type, "image_generation_call");
    } else {
      checkPartEvent(event, known);
    }
    if (position === events.length - 1) {
      assert.ok(/^response\.(completed|incomplete|failed)$/.test(type), "the stream is ended");
    }
  });
}

function checkPartEvent(event: any, known: OpenItem | undefined): void {
  const part = known?.parts.at(-1);
  assert.ok(part && known?.isPartOpen, event.type);
  const { delta, text } = partEvents[part.type]!;
  assert.equal(event.content_index ?? event.summary_index, known.parts.length - 1);
  if (event.type === `response.${delta}.delta`) {
    part[text] += event.delta;
    if (event.logprobs?.length > 0) part.logprobs = [...part.logprobs, ...event.logprobs];
  } else if (event.type === `response.${delta}.done`) {
    assert.equal(event[text], part[text]);
    if (event.logprobs) assert.deepEqual(event.logprobs, part.logprobs);
  } else {
    assert.equal(event.type, "response.output_text.annotation.added");
    assert.equal(event.annotation_index, part.annotations.length);
    part.annotations = [...part.annotations, event.annotation];
  }
}
