// The signature that AWS computes for a request it got, written anew from its documentation.

import { createHash, createHmac } from "node:crypto";

export interface ReceivedRequest {
  method: string;
  /** With query, as it came. */
  path: string;
  authority: string;
  /** Value of `x-amz-date`. */
  date: string;
  body: Uint8Array;
}

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const hash = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");

/** What `authorization` must say. */
export function awsAuthorization(
  { method, path, authority, date, body }: ReceivedRequest,
  { accessKey, secretKey, region }: { accessKey: string; secretKey: string; region: string },
): string {
  const [place, query = ""] = path.split("?") as [string, string?];
  const canonical = [
    method,
    place.split("/").map(encodeURIComponent).join("/"),
    query,
    `host:${authority}`,
    `x-amz-date:${date}`,
    "",
    "host;x-amz-date",
    hash(body),
  ].join("\n");
  const scope = `${date.slice(0, 8)}/${region}/bedrock/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash(canonical)}`;
  const key = [region, "bedrock", "aws4_request"].reduce(hmac, hmac(`AWS4${secretKey}`, date.slice(0, 8)));
  const signature = hmac(key, text).toString("hex");
  return `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`;
}
