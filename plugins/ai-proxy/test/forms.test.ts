// Multipart forms: only the field `model` is ever touched.

import { describe, expect, test } from "vitest";
import { drip } from "../../../host-test/testing/recordings.ts";
import { chat, provider } from "./proxy.ts";

const openai = { type: "openai", apiTokens: ["sk-provider"], modelMapping: { "gpt-image-1": "mapped" } };
const azure = { ...openai, type: "azure", azureServiceUrl: "https://a.example.com/?api-version=1" };
const edits = "/v1/images/edits";

/** An image with every byte, and with what looks like a delimiter of another boundary. */
const image = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from("\r\n--bound\r\n--boundarx\r\n"),
]);

interface Part {
  head: string;
  data: Buffer | string;
}

function form(parts: Part[], boundary = "boundary"): Buffer {
  const pieces = parts.flatMap(({ head, data }) => [`--${boundary}\r\n${head}\r\n\r\n`, data, "\r\n"]);
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
}

const field = (name: string, data: string): Part => ({
  head: `Content-Disposition: form-data; name="${name}"`,
  data,
});
const picture: Part = {
  head: 'Content-Disposition: form-data; name="image"; filename="model"\r\nContent-Type: image/png',
  data: image,
};

function exchange(
  entry: object,
  body: Buffer,
  { path = edits, type = "multipart/form-data; boundary=boundary" } = {},
) {
  const chain = provider(entry);
  const result = chain.exchange(
    chat("", { body: undefined, chunks: drip(body, 97), path, headers: { "content-type": type } }),
  );
  return { ...result, chain };
}

describe.each([edits, "/v1/images/variations"])("%s", (path) => {
  test("the model is mapped; boundary, headers and all other parts stay as they are", () => {
    const { upstream } = exchange(
      openai,
      form([field("prompt", "x"), picture, field("model", "gpt-image-1")]),
      { path },
    );
    expect(upstream!.header("content-type")).toBe("multipart/form-data; boundary=boundary");
    expect(upstream!.body.equals(form([field("prompt", "x"), picture, field("model", "mapped")]))).toBe(true);
  });

  test("a model that is not mapped changes nothing", () => {
    const body = form([picture, field("model", "other")]);
    expect(exchange(openai, body, { path }).upstream!.body.equals(body)).toBe(true);
  });
});

describe("the field model", () => {
  test.each([
    ["is trimmed", field("model", " gpt-image-1\n"), "mapped"],
    [
      "may have other headers first",
      { head: 'x-own: 1\r\ncontent-disposition: form-data; name="model"', data: "gpt-image-1" },
      "mapped",
    ],
    [
      "may be written without quotes",
      { head: "content-disposition: form-data; name=model", data: "gpt-image-1" },
      "mapped",
    ],
  ])("%s", (_, part, expected) => {
    const { upstream } = exchange(openai, form([part, picture]));
    expect(upstream!.text.split("\r\n\r\n")[1]!.split("\r\n")[0]).toBe(expected);
  });

  test("of several the last counts", () => {
    const { upstream } = exchange(openai, form([field("model", "first"), field("model", "gpt-image-1")]));
    expect(upstream!.body.equals(form([field("model", "first"), field("model", "mapped")]))).toBe(true);
  });

  test("that is missing is added where a rule supplies one", () => {
    const { upstream } = exchange({ ...openai, modelMapping: { "*": "default" } }, form([picture]));
    expect(upstream!.text).toContain('name="model"\r\n\r\ndefault\r\n--boundary--\r\n');
    expect(upstream!.body.includes(image)).toBe(true);
  });

  test("is not taken from a file's name or content", () => {
    const fake: Part = { head: 'content-disposition: form-data; name="prompt"', data: 'name="model"' };
    const body = form([picture, fake]);
    expect(exchange(openai, body).upstream!.body.equals(body)).toBe(true);
  });
});

test.each([
  ["a quoted boundary", 'Multipart/Form-Data; charset=x; Boundary="a b"', "a b"],
  ["a boundary of punctuation", "multipart/form-data; boundary=--=_x.(1)", "--=_x.(1)"],
])("%s", (_, type, boundary) => {
  const { upstream } = exchange(openai, form([field("model", "gpt-image-1")], boundary), { type });
  expect(upstream!.body.equals(form([field("model", "mapped")], boundary))).toBe(true);
  expect(upstream!.header("content-type")).toBe(type);
});

test("azure's path has the form's mapped model", () => {
  const { upstream } = exchange(azure, form([field("model", "gpt-image-1"), picture]));
  expect(upstream!.header(":path")).toBe("/openai/deployments/mapped/images/edits?api-version=1");
});

describe.each([openai, azure])("for $type a form that cannot be read is 500 in Go's words", (entry) => {
  test.each([
    ["no boundary", { type: "multipart/form-data" }, form([]), "missing multipart boundary"],
    [
      "another boundary",
      { type: "multipart/form-data; boundary=x" },
      form([picture]),
      "unable to read multipart part",
    ],
    ["an end inside a part", {}, form([picture]).subarray(0, 200), "unable to read multipart part"],
    ["nothing at all", {}, Buffer.from("\r\n"), "unable to read multipart part"],
  ])("%s", (_, options, body, expected) => {
    const { client, upstream, record, chain } = exchange(entry, body, options);
    expect(upstream).toBeUndefined();
    expect(client.status).toBe(500);
    expect(client.text).toContain(`failed to process request body: ${expected}`);
    expect(record!.details).toBe("ai-proxy.proc_req_body_failed");
    expect(chain.logs.map(({ message }) => message).join()).toContain(
      `[${entry.type} multipart] body transform failed`,
    );
  });
});

test("a form for another API passes unread", () => {
  const body = form([field("model", "gpt-image-1"), picture]);
  for (const path of ["/v1/audio/transcriptions", "/v1/files", "/v1/chat/completions"]) {
    expect(exchange(openai, body, { path }).upstream!.body.equals(body)).toBe(true);
  }
});
