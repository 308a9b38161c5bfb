// Bodies of a given size, as clients send them.

const sentence = "The gateway reads what it needs and passes the rest on, byte for byte. ";

export const sizes: Record<string, number> = {
  "1 KB": 1_000,
  "10 KB": 10_000,
  "100 KB": 100_000,
  "1 MB": 1_000_000,
};

/** So many characters of text. */
export function filler(length: number): string {
  return sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length);
}

/** An OpenAI chat request of about `bytes` bytes: `model` first, a conversation behind it. */
export function chatRequest(bytes: number, modelLast = false): Uint8Array {
  const messages: { role: string; content: string }[] = [
    { role: "system", content: "You are a helpful assistant." },
  ];
  const envelope = 120;
  let left = Math.max(bytes - envelope, 20);
  while (left > 0) {
    const length = Math.min(left, 2000);
    messages.push({
      role: messages.length % 2 === 1 ? "user" : "assistant",
      content: `"${filler(length)}"\n`,
    });
    left -= length + 40;
  }
  const body = modelLast
    ? { messages, stream: false, model: "gpt-4o-mini" }
    : { model: "gpt-4o-mini", stream: false, messages };
  return Buffer.from(JSON.stringify(body));
}
