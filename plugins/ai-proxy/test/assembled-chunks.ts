// What a client of OpenAI's dialect puts together from a stream's chunks.

import { events } from "./proxy.ts";

export interface Assembled {
  content: string;
  reasoning: string;
  calls: { id: string; name: string; arguments: string }[];
  finish: string | null;
  usage: unknown;
}

export function assembled(text: string): Assembled {
  const result: Assembled = { content: "", reasoning: "", calls: [], finish: null, usage: null };
  for (const { choices, usage } of events(text)) {
    if (usage) result.usage = usage;
    for (const { delta, finish_reason } of choices ?? []) {
      result.content += delta.content ?? "";
      result.reasoning += delta.reasoning_content ?? "";
      result.finish = finish_reason ?? result.finish;
      for (const { index, id, function: called } of delta.tool_calls ?? []) {
        const call = (result.calls[index] ??= { id, name: called.name, arguments: "" });
        call.arguments += called.arguments;
      }
    }
  }
  return result;
}
