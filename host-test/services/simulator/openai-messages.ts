// What OpenAI checks in `messages` before it answers, with its own words for what it finds.
import type { JsonObject } from "./json-value.ts";
import { isObject, objectsOf, textOf } from "./json-value.ts";
import { Refusal } from "./refusal.ts";

const roles = ["system", "assistant", "user", "function", "tool", "developer"];
const partTypes = ["text", "image_url", "input_audio", "refusal", "audio", "file"];

export function checkMessages(messages: unknown): JsonObject[] {
  if (messages === undefined) {
    throw new Refusal(400, "Missing required parameter: 'messages'.", {
      field: "messages",
      code: "missing_required_parameter",
    });
  }
  if (!Array.isArray(messages)) throw invalidType("messages", "an array of objects", messages);
  if (messages.length === 0) {
    throw new Refusal(
      400,
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      { field: "messages", code: "empty_array" },
    );
  }
  const checked = messages.map((message, index) => checkMessage(message, `messages[${index}]`));
  checkToolCalls(checked);
  return checked;
}

function checkMessage(message: unknown, place: string): JsonObject {
  if (!isObject(message)) throw invalidType(place, "an object", message);
  const { role, content } = message;
  if (!roles.includes(textOf(role))) throw invalidValue(`${place}.role`, textOf(role), roles);
  if (content === undefined || content === null) {
    if (role === "assistant") return message;
    throw invalidType(`${place}.content`, "one of a string or array of objects", null);
  }
  if (typeof content === "string") return message;
  if (!Array.isArray(content))
    throw invalidType(`${place}.content`, "one of a string or array of objects", content);
  content.forEach((part, index) => {
    const type = isObject(part) ? textOf(part.type) : "";
    if (!partTypes.includes(type)) throw invalidValue(`${place}.content[${index}].type`, type, partTypes);
  });
  return message;
}

// The spelling of the second message is OpenAI's.
function checkToolCalls(messages: JsonObject[]): void {
  let open = new Set<string>();
  messages.forEach((message, index) => {
    if (message.role === "tool") {
      if (open.delete(textOf(message.tool_call_id))) return;
      throw new Refusal(
        400,
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        { field: `messages.[${index}].role` },
      );
    }
    refuseOpen(open, index);
    open = new Set(objectsOf(message.tool_calls).map((call) => textOf(call.id)));
  });
  refuseOpen(open, messages.length);
}

function refuseOpen(open: Set<string>, index: number): void {
  if (open.size === 0) return;
  throw new Refusal(
    400,
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${[...open].join(", ")}`,
    { field: `messages.[${index}].role` },
  );
}

function invalidType(field: string, expected: string, value: unknown): Refusal {
  const given = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
  return new Refusal(400, `Invalid type for '${field}': expected ${expected}, but got ${given} instead.`, {
    field,
    code: "invalid_type",
  });
}

function invalidValue(field: string, value: string, supported: string[]): Refusal {
  const names = supported.map((name) => `'${name}'`);
  const list = `${names.slice(0, -1).join(", ")}, and ${names.at(-1)}`;
  return new Refusal(400, `Invalid value: '${value}'. Supported values are: ${list}.`, {
    field,
    code: "invalid_value",
  });
}
