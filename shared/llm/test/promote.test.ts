// Reasoning that becomes content where there is none.
import { describe, expect, test } from "vitest";
import { drip, everySingleCut } from "../../../host-test/testing/recordings.ts";
import { edit, eventsOf, loadConversion, valuesOf } from "./conversion.ts";

const conversion = await loadConversion();

describe("a whole answer", () => {
  const promoted = (message: object) => {
    const body = JSON.stringify({ id: "x", choices: [{ index: 0, message, finish_reason: "stop" }] });
    const { isChanged, text } = conversion.edit(edit.promote, body);
    return { isChanged, message: JSON.parse(text).choices[0].message };
  };

  test.each([[null], [""], [" \n\t "], [undefined]])(
    "with content %j gets its reasoning as content",
    (content) => {
      for (const name of ["reasoning_content", "reasoning"]) {
        const result = promoted({ role: "assistant", content, [name]: 'R "q"\n' });
        expect(result).toEqual({ isChanged: true, message: { role: "assistant", content: 'R "q"\n' } });
      }
    },
  );

  test.each([
    [{ content: "x", reasoning_content: "r" }],
    [{ content: "" }],
    [{ content: null, reasoning_content: "" }],
    [{ content: null, reasoning_content: null }],
    [{ content: [{ type: "text", text: "" }], reasoning_content: "r" }],
  ])("%j stays as it is", (message) => {
    expect(promoted(message)).toEqual({ isChanged: false, message });
  });

  test("every choice is looked at", () => {
    const body = JSON.stringify({
      choices: [{ message: { content: "x" } }, { message: { content: "", reasoning_content: "r" } }],
    });
    expect(JSON.parse(conversion.edit(edit.promote, body).text)).toEqual({
      choices: [{ message: { content: "x" } }, { message: { content: "r" } }],
    });
  });
});

describe("a stream", () => {
  const chunk = (delta: object, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const sent = (member: string, text: string) =>
    `data: {"choices":[{"index":0,"delta":{"${member}":${JSON.stringify(text)}},"finish_reason":null,"logprobs":null}],"object":"chat.completion.chunk","usage":null}\n\n`;
  const done = "data: [DONE]\n\n";
  const role = chunk({ role: "assistant", content: "" });

  test("without content sends its reasoning as content before the chunk that finishes", () => {
    const input =
      role +
      chunk({ reasoning_content: "a" }) +
      chunk({ content: " ", reasoning: 'b"' }) +
      chunk({}, "stop") +
      done;
    expect(conversion.promotedStream([input])).toBe(
      role + chunk({}) + chunk({ content: " " }) + sent("content", 'ab"') + chunk({}, "stop") + done,
    );
  });

  test.each([
    ["", ""],
    [done, done],
  ])("without a finishing chunk sends it at the end, before %j", (tail, expected) => {
    const input = chunk({ content: null, reasoning_content: "a" }) + tail;
    expect(conversion.promotedStream([input])).toBe(
      chunk({ content: null }) + sent("content", "a") + expected,
    );
  });

  test("reasoning in the finishing chunk itself is sent as well", () => {
    const input = chunk({ reasoning_content: "a" }) + chunk({ reasoning_content: "b" }, "stop") + done;
    expect(conversion.promotedStream([input])).toBe(
      chunk({}) + sent("content", "ab") + chunk({}, "stop") + done,
    );
  });

  test("with content keeps its reasoning, in front of the content", () => {
    const rest = chunk({ content: "x" }) + chunk({ reasoning_content: "later" }) + chunk({}, "stop") + done;
    const input = role + chunk({ reasoning_content: "a" }) + rest;
    expect(conversion.promotedStream([input])).toBe(role + chunk({}) + sent("reasoning_content", "a") + rest);
  });

  test("that ends with an error has its reasoning before the error, behind which nobody reads", () => {
    const error = 'data: {"error":{"message":"m","type":"server_error"}}\n\n';
    const input = role + chunk({ reasoning_content: "a" }) + error + done;
    expect(conversion.promotedStream([input])).toBe(
      role + chunk({}) + sent("reasoning_content", "a") + error + done,
    );
  });

  test("without reasoning passes byte for byte, comments, other events and broken ones included", () => {
    const input = `: hi\n\nevent: x\nid: 3\ndata: {"choices":[]}\r\n\r\n\n\ndata: no json\n\n${chunk({ content: "x" })}data: {"unfinished":`;
    expect(conversion.promotedStream([input])).toBe(input);
  });

  test("other choices are not touched", () => {
    const input = `data: ${JSON.stringify({ choices: [{ index: 1, delta: { reasoning_content: "r" } }] })}\n\n${done}`;
    expect(conversion.promotedStream([input])).toBe(input);
  });

  test("events beyond the limit pass, and more reasoning than is held passes as reasoning", () => {
    const long = chunk({ reasoning_content: "x".repeat(2000) });
    expect(conversion.promotedStream([long + done], 1000)).toBe(long + done);
    const piece = "r".repeat(900_000);
    const input =
      Array.from({ length: 6 }, () => chunk({ reasoning_content: piece })).join("") +
      chunk({}, "stop") +
      done;
    const values = valuesOf(conversion.promotedStream([input])) as any[];
    const text = (member: string) => values.map((value) => value.choices[0].delta[member] ?? "").join("");
    expect(text("content")).toBe("");
    expect(text("reasoning_content")).toBe(piece.repeat(6));
  });

  test("says the same at every cut", () => {
    const input = Buffer.from(
      role + chunk({ reasoning_content: "é👋" }) + chunk({ reasoning: "b" }) + chunk({}, "stop") + done,
    );
    const whole = conversion.promotedStream([input]);
    for (const chunks of everySingleCut(input)) expect(conversion.promotedStream(chunks)).toBe(whole);
    expect(conversion.promotedStream(drip(input))).toBe(whole);
    expect(eventsOf(whole).length).toBe(6);
  });
});
