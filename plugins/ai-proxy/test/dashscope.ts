// DashScope's native answers and events, written after its documentation, and the entries that get them.

const apiTokens = ["sk-provider"];
export const compatible = { type: "qwen", apiTokens, modelMapping: { "*": "qwen-max" } };
export const native = { ...compatible, qwenEnableCompatible: false };

export const user = (content: unknown) => ({ role: "user", content });

/** What the native API answers with. */
export function answer(message: object, finish: string | null = "stop", usage?: object): object {
  return {
    output: { choices: [{ finish_reason: finish, message: { role: "assistant", ...message } }] },
    usage: usage ?? { input_tokens: 5, output_tokens: 7, total_tokens: 12 },
    request_id: "req-1",
  };
}

let eventId = 0;
export const event = (value: object, name = "result", status = 200) =>
  `id:${++eventId}\nevent:${name}\n:HTTP_STATUS/${status}\ndata:${JSON.stringify(value)}\n\n`;

export const weather = { type: "function", function: { name: "weather", parameters: { type: "object" } } };
