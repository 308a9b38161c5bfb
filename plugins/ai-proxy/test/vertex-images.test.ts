// vertex: OpenAI's images through Gemini models that draw.

import { describe, expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { answering, chat, json, provider } from "./proxy.ts";
import { express } from "./vertex.ts";

const entry = { ...express, modelMapping: { "gpt-image-1": "gemini-2.5-flash-image" } };
const path = "/v1/publishers/google/models/gemini-2.5-flash-image:generateContent?key=sk-provider";

function ask(api: string, body: object | string, headers: object = {}, reply: TestReply = json({})) {
  const text = typeof body === "string" ? body : JSON.stringify({ model: "gpt-image-1", ...body });
  const chain = provider(entry, answering(reply));
  return chain.exchange(
    chat(text, { path: `/v1/images/${api}`, headers: headers as Record<string, string> }),
  );
}

const config = (imageConfig: object, mimeType = "image/png") => ({
  temperature: 1,
  maxOutputTokens: 32768,
  responseModalities: ["TEXT", "IMAGE"],
  thinkingConfig: {},
  imageConfig: { ...imageConfig, imageOutputOptions: { mimeType }, personGeneration: "ALLOW_ALL" },
});
const square = { aspectRatio: "1:1", imageSize: "1k" };

describe("generation", () => {
  test("is a question to the model", () => {
    const { upstream } = ask("generations", { prompt: 'A "cat"\n', stream: true });
    expect(upstream!.header(":path")).toBe(path);
    expect(JSON.parse(upstream!.text)).toEqual({
      contents: [{ role: "user", parts: [{ text: 'A "cat"\n' }] }],
      generationConfig: config(square),
    });
  });

  test.each([
    ["256x256", "1:1", "1k"],
    ["1024x1024", "1:1", "1k"],
    ["1792x1024", "16:9", "2k"],
    ["1024x1792", "9:16", "2k"],
    ["2048x2048", "1:1", "2k"],
    ["4096x4096", "1:1", "4k"],
    ["1536x1024", "3:2", "2k"],
    ["1024x1536", "2:3", "2k"],
    ["1024x768", "4:3", "1k"],
    ["1365x1024", "4:3", "1k"],
    ["768x1024", "3:4", "1k"],
    ["1024x1365", "3:4", "1k"],
    ["1280x1024", "5:4", "1k"],
    ["1024x1280", "4:5", "1k"],
    ["2560x1080", "21:9", "2k"],
    ["auto", "1:1", "1k"],
    ["", "1:1", "1k"],
    ["024x768", "1:1", "1k"],
    ["1024x768=4:3,1k 1365x1024", "1:1", "1k"],
  ])("of size %j", (size, aspectRatio, imageSize) => {
    const { upstream } = ask("generations", { prompt: "x", size });
    expect(JSON.parse(upstream!.text).generationConfig).toEqual(config({ aspectRatio, imageSize }));
  });

  test.each([
    ["png", "image/png"],
    ["jpeg", "image/jpeg"],
    ["jpg", "image/jpeg"],
    ["webp", "image/webp"],
    ["x", "image/png"],
  ])("as %s", (output_format, type) => {
    const { upstream } = ask("generations", { prompt: "x", output_format });
    expect(JSON.parse(upstream!.text).generationConfig).toEqual(config(square, type));
  });

  test("without a prompt or a model is refused", () => {
    expect(ask("generations", {}).client.text).toContain("missing prompt in request");
    expect(ask("generations", { model: "", prompt: "x" }).client.text).toContain("missing model in request");
  });

  test("names what has no place", () => {
    const { client } = ask("generations", { prompt: "x", n: 2, quality: "high", user: "u", style: null });
    expect(client.header("x-ai-proxy-dropped")).toBe("n,quality,user");
  });
});

describe("edits and variations of a JSON body", () => {
  const png = { inlineData: { mimeType: "image/png", data: "AAAA" } };
  const file = { fileData: { mimeType: "image/jpeg", fileUri: "https://e.com/a.jpg" } };
  const data = "data:image/png;base64,AAAA";
  const url = "https://e.com/a.jpg";

  test.each<[string, object, object[]]>([
    ["image", { image: data }, [png]],
    ["image_url", { image_url: url }, [file]],
    ["image_url as an object", { image_url: { url } }, [file]],
    ["image as a list", { image: [data, { url }] }, [png, file]],
    [
      "images",
      { images: [{ image_url: { url, detail: "x" } }, { image_url: data }, url] },
      [file, png, file],
    ],
    ["all of them, in this order", { image_url: data, image: url, images: [data] }, [png, file, png]],
    [
      "what is no picture left out",
      { images: [{ file_id: "f" }, 1, null, "AAAA", { image_url: { url: 1 } }, url] },
      [file],
    ],
  ])("%s", (_, body, parts) => {
    const { upstream } = ask("edits", { prompt: "p", ...body });
    expect(upstream!.header(":path")).toBe(path);
    expect(JSON.parse(upstream!.text).contents).toEqual([{ role: "user", parts: [...parts, { text: "p" }] }]);
  });

  test("a variation has a prompt of its own when none is given", () => {
    const text = (body: object) =>
      JSON.parse(ask("variations", { image: data, ...body }).upstream!.text).contents[0].parts[1].text;
    expect(text({})).toBe("Create variations of the provided image.");
    expect(text({ prompt: "p" })).toBe("p");
  });

  test.each<[string, string, object, string]>([
    ["no image", "edits", { prompt: "p" }, "missing image_url in request"],
    ["no image for a variation", "variations", {}, "missing image_url in request"],
    ["no prompt", "edits", { image: data }, "missing prompt in request"],
    [
      "a mask",
      "edits",
      { image: data, prompt: "p", mask: data },
      "mask is not supported for vertex image edits yet",
    ],
    [
      "a mask as an object",
      "edits",
      { image: data, prompt: "p", mask: { image_url: data } },
      "mask is not supported for vertex image edits yet",
    ],
  ])("%s is refused", (_, api, body, error) => {
    const { client, upstream, record } = ask(api, body);
    expect(upstream).toBeUndefined();
    expect([client.status, client.text]).toEqual([500, `failed to process request body: ${error}`]);
    expect(record!.details).toBe("ai-proxy.proc_req_body_failed");
  });

  test("an empty mask is none", () => {
    expect(ask("edits", { image: data, prompt: "p", mask: "" }).upstream).toBeDefined();
    expect(ask("edits", { image: data, prompt: "p", mask: null }).upstream).toBeDefined();
  });
});

describe("forms", () => {
  const headers = { "content-type": "multipart/form-data; boundary=b" };
  const part = (name: string, value: string, more = "") =>
    `--b\r\nContent-Disposition: form-data; name="${name}"${more === "" ? "" : '; filename="a.bin"'}\r\n${more}\r\n${value}\r\n`;
  const form = (...parts: string[]) => parts.join("") + "--b--\r\n";
  const model = part("model", "gpt-image-1");
  const prompt = part("prompt", 'A "cat"');
  const send = (api: string, ...parts: string[]) => ask(api, form(...parts), headers);
  const typed = (type: string) => `Content-Type: ${type}\r\n`;

  test("become JSON", () => {
    const { upstream } = send(
      "edits",
      model,
      prompt,
      part("size", "1536x1024"),
      part("output_format", "webp"),
      part("image[]", "\u0001\u0002", typed("image/png; charset=x")),
      part("image[1]", "https://e.com/a.jpg"),
    );
    expect(upstream!.header(":path")).toBe(path);
    expect(upstream!.header("content-type")).toBe("application/json");
    expect(JSON.parse(upstream!.text)).toEqual({
      contents: [
        {
          role: "user",
          parts: [
            { inlineData: { mimeType: "image/png", data: "AQI=" } },
            { fileData: { mimeType: "image/jpeg", fileUri: "https://e.com/a.jpg" } },
            { text: 'A "cat"' },
          ],
        },
      ],
      generationConfig: config({ aspectRatio: "3:2", imageSize: "2k" }, "image/webp"),
    });
  });

  test.each([
    ["\u0089PNG\r\n\u001a\n....", "image/png"],
    ["\u00ff\u00d8\u00ff\u00e0........", "image/jpeg"],
    ["GIF89a......", "image/gif"],
    ["RIFF....WEBPVP8 ", "image/webp"],
    ["BM..........", "image/bmp"],
    ["....ftypheic", "image/heic"],
    ["....ftypavif", "image/avif"],
    ["text", "application/octet-stream"],
  ])("a picture without a type is known by its bytes: %j", (bytes, type) => {
    for (const more of ["", typed("application/octet-stream")]) {
      const body = Buffer.from(form(model, prompt, part("image", bytes, more)), "latin1");
      const chain = provider(entry);
      const { upstream } = chain.exchange({ ...chat("", { path: "/v1/images/edits", headers }), body });
      expect(JSON.parse(upstream!.text).contents[0].parts[0]).toEqual({
        inlineData: { mimeType: type, data: Buffer.from(bytes, "latin1").toString("base64") },
      });
    }
  });

  test("a variation needs no prompt", () => {
    const { upstream } = send("variations", model, part("image", "x", typed("image/png")));
    expect(JSON.parse(upstream!.text).contents[0].parts[1].text).toBe(
      "Create variations of the provided image.",
    );
  });

  test.each<[string, string, string[], string]>([
    ["no image", "edits", [model, prompt], "missing image_url in request"],
    ["an empty image", "edits", [model, prompt, part("image", "")], "missing image_url in request"],
    ["no prompt", "edits", [model, part("image", "x")], "missing prompt in request"],
    ["a mask", "edits", [model, prompt, part("image", "x"), part("mask", "x")], "mask is not supported"],
    [
      "a mask in a list",
      "edits",
      [model, prompt, part("image", "x"), part("mask[]", "x")],
      "mask is not supported",
    ],
    ["no model", "edits", [prompt, part("image", "x")], "missing model in request"],
  ])("%s is refused", (_, api, parts, error) => {
    const { client, upstream } = send(api, ...parts);
    expect(upstream).toBeUndefined();
    expect([client.status, client.text]).toEqual([500, expect.stringContaining(error)]);
  });

  test("cut anywhere they are refused or sent, and never trap", () => {
    const whole = form(model, prompt, part("image", "x", typed("image/png")));
    for (let size = 1; size < whole.length; size++) {
      const chain = provider(entry);
      const { client } = chain.exchange(chat(whole.slice(0, size), { path: "/v1/images/edits", headers }));
      expect([200, 400, 500]).toContain(client.status);
      expect(chain.problems("critical")).toEqual([]);
      chain.close();
    }
  });
});

describe("the answer", () => {
  const answer = (body: object) =>
    JSON.parse(ask("generations", { prompt: "x" }, {}, json(body)).client.text);
  const picture = (data: string, more: object = {}) => ({
    inlineData: { mimeType: "image/png", data },
    ...more,
  });

  test("has every picture that is no sketch, and the usage", () => {
    const candidates = [
      { content: { parts: [{ text: "Here:" }, picture("AAAA", { thought: true }), picture("BBBB")] } },
      { content: { parts: [picture("CCCC")] } },
    ];
    const usageMetadata = {
      promptTokenCount: 9,
      candidatesTokenCount: 1290,
      totalTokenCount: 1299,
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 4 },
        { modality: "IMAGE", tokenCount: 5 },
      ],
    };
    expect(answer({ candidates, usageMetadata })).toEqual({
      created: 1_700_000_000,
      data: [{ b64_json: "BBBB" }, { b64_json: "CCCC" }],
      usage: {
        total_tokens: 1299,
        input_tokens: 9,
        output_tokens: 1290,
        input_tokens_details: { text_tokens: 4, image_tokens: 5 },
      },
    });
  });

  test.each([
    {},
    { candidates: [] },
    { candidates: [{ content: { parts: [{ text: "no" }] } }] },
    { promptFeedback: { blockReason: "SAFETY" } },
  ])("without a picture is an empty list: %j", (body) => {
    expect(answer(body)).toEqual({ created: 1_700_000_000, data: [] });
  });

  test("that is an error passes as it is", () => {
    expect(answer({ error: { code: 13 } })).toEqual({ error: { code: 13 } });
  });
});
