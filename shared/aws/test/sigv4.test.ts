// AWS's own signing vectors, where they are beside this checkout, and times against JavaScript's calendar.

import fc from "fast-check";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadAws, type SignedRequest } from "./aws-probe.ts";

const aws = await loadAws();

const folder = fileURLToPath(new URL("../../../../shared/data/sigv4", import.meta.url));
const hasVectors = existsSync(folder);
if (!hasVectors) console.log("skipped: no signing vectors beside this checkout");
const vectors = hasVectors ? readdirSync(folder).sort() : [];

interface Context {
  credentials: { access_key_id: string; secret_access_key: string; token?: string };
  region: string;
  service: string;
  timestamp: string;
  normalize: boolean;
  sign_body: boolean;
  omit_session_token?: boolean;
}

/** The request of a vector: a request line, headers that may go on in the next line, an empty line, the body. */
function requestOf(text: string): SignedRequest {
  const [head, ...body] = text.split("\n\n");
  const [line, ...lines] = head!.split("\n");
  const method = line!.slice(0, line!.indexOf(" "));
  const target = line!.slice(method.length + 1, line!.lastIndexOf(" "));
  const mark = target.indexOf("?");
  const headers: [string, string][] = [];
  for (const one of lines) {
    if (one === "") continue;
    const colon = one.indexOf(":");
    if (/^\s/.test(one)) headers.at(-1)![1] += `\n${one}`;
    else headers.push([one.slice(0, colon), one.slice(colon + 1)]);
  }
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    headers,
    body: Buffer.from(body.join("\n\n")),
  };
}

describe.skipIf(!hasVectors)("signing vectors of AWS", () => {
  test("there are 38", () => {
    expect(vectors.length).toBe(38);
  });

  test.each(vectors)("%s", (name) => {
    const read = (file: string) => readFileSync(`${folder}/${name}/${file}`, "utf8");
    const context = JSON.parse(read("context.json")) as Context;
    const request = requestOf(read("request.txt"));
    const { token } = context.credentials;
    if (token !== undefined && !context.omit_session_token) {
      request.headers.push(["X-Amz-Security-Token", token]);
    }
    if (context.sign_body) {
      const digest = createHash("sha256").update(request.body).digest("hex");
      request.headers.push(["x-amz-content-sha256", digest]);
    }
    const signed = aws.sign(request, {
      accessKey: context.credentials.access_key_id,
      secretKey: context.credentials.secret_access_key,
      region: context.region,
      service: context.service,
      ms: Date.parse(context.timestamp),
      normalizesPath: context.normalize,
    });
    expect(signed.canonicalRequest).toBe(read("header-canonical-request.txt"));
    expect(signed.stringToSign).toBe(read("header-string-to-sign.txt"));
    expect(signed.signature).toBe(read("header-signature.txt"));
    const header = /^Authorization:(.*)$/m.exec(read("header-signed-request.txt"))![1];
    expect(signed.authorization).toBe(header);
  });
});

describe("a signature", () => {
  const options = { accessKey: "A", secretKey: "S", region: "r", service: "s", ms: 0 };
  const request = { method: "GET", path: "/a%3Ab/./c", query: "", headers: [], body: Buffer.alloc(0) };
  const pathOf = (more: object) =>
    aws
      .sign({ ...request, headers: [["host", "h"]] }, { ...options, ...more })
      .canonicalRequest!.split("\n")[1];

  test("encodes the path once more and resolves its dots, or leaves it as S3 wants it", () => {
    expect(pathOf({})).toBe("/a%253Ab/c");
    expect(pathOf({ keepsPath: true, normalizesPath: false })).toBe("/a%3Ab/./c");
  });

  test("covers parameters in order of name and value, however they were encoded", () => {
    const query = "b=%2f&a=2&a=1&c&&a=%41+";
    expect(aws.sign({ ...request, query }, options).canonicalRequest!.split("\n")[2]).toBe(
      "a=1&a=2&a=A%2B&b=%2F&c=",
    );
  });
});

test("times are written as JavaScript's calendar has them, leap years included", () => {
  const written = (ms: number) => new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 * 1000 - 1 }), (ms) => {
      expect(aws.date(ms)).toBe(written(ms));
    }),
    { numRuns: 2000 },
  );
  for (const day of ["2024-02-29", "2000-02-29", "2025-03-01", "2027-12-31", "2028-01-01"]) {
    expect(aws.date(Date.parse(`${day}T23:59:59.999Z`))).toBe(`${day.replaceAll("-", "")}T235959Z`);
  }
});
