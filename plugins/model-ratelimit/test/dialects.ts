// A long stream in each dialect, one word an event.

export const WORD = " word";
export const WORDS = 2000;
/** A limit of tokens at which streams are ended. */
export const rules = (limit: number) => ({
  rules: [{ limit, window_seconds: 86_400 }],
  cut_streams: true,
  default_output_tokens: 50,
});

type Event = [name: string, data: object | "[DONE]"];

export function sse(events: Event[]): string[] {
  return events.map(([name, data]) => {
    const text = data === "[DONE]" ? data : JSON.stringify(data);
    return `${name === "" ? "" : `event: ${name}\n`}data: ${text}\n\n`;
  });
}

const words = <T>(event: (index: number) => T): T[] => Array.from({ length: WORDS }, (_, i) => event(i));

const chunk = (delta: object, finish: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_700_000_000,
  model: "gpt-4o",
  choices: [{ index: 0, delta, finish_reason: finish }],
});

const response = {
  id: "resp_1",
  object: "response",
  created_at: 1,
  model: "gpt-4o",
  status: "in_progress",
  output: [],
};

export const dialects = {
  chat: {
    path: "/v1/chat/completions",
    body: { model: "gpt-4o", stream: true, messages: [{ role: "user", content: "hi" }] },
    events: [
      ["", chunk({ role: "assistant", content: "" })],
      ...words((): Event => ["", chunk({ content: WORD })]),
      ["", chunk({}, "stop")],
      ["", "[DONE]"],
    ] as Event[],
  },
  messages: {
    path: "/v1/messages",
    body: {
      model: "claude-sonnet-4-5",
      stream: true,
      max_tokens: 50,
      messages: [{ role: "user", content: "hi" }],
    },
    events: [
      [
        "message_start",
        {
          type: "message_start",
          message: {
            id: "msg_1",
            type: "message",
            role: "assistant",
            model: "claude-sonnet-4-5",
            content: [],
            stop_reason: null,
            stop_sequence: null,
            usage: { input_tokens: 9, output_tokens: 1 },
          },
        },
      ],
      [
        "content_block_start",
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      ],
      ...words((): Event => [
        "content_block_delta",
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: WORD } },
      ]),
      ["content_block_stop", { type: "content_block_stop", index: 0 }],
      [
        "message_delta",
        { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9999 } },
      ],
      ["message_stop", { type: "message_stop" }],
    ] as Event[],
  },
  responses: {
    path: "/v1/responses",
    body: { model: "gpt-4o", stream: true, input: "hi" },
    events: [
      ["response.created", { type: "response.created", sequence_number: 0, response }],
      ...words((i): Event => [
        "response.output_text.delta",
        {
          type: "response.output_text.delta",
          sequence_number: i + 1,
          item_id: "m",
          output_index: 0,
          content_index: 0,
          delta: WORD,
        },
      ]),
      [
        "response.completed",
        {
          type: "response.completed",
          sequence_number: WORDS + 1,
          response: { ...response, status: "completed" },
        },
      ],
    ] as Event[],
  },
  gemini: {
    path: "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
    body: { contents: [{ role: "user", parts: [{ text: "hi" }] }] },
    events: [
      ...words((): Event => [
        "",
        {
          candidates: [{ content: { parts: [{ text: WORD }], role: "model" }, index: 0 }],
          modelVersion: "gemini-2.5-pro",
          responseId: "r1",
        },
      ]),
      ["", { candidates: [{ content: { parts: [], role: "model" }, finishReason: "STOP", index: 0 }] }],
    ] as Event[],
  },
};

export type DialectName = keyof typeof dialects;
