// Tencent Cloud's signature TC3-HMAC-SHA256: https://cloud.tencent.com/document/api/1729/101843

import { amzDate } from "as-proxy-wasm-sdk/aws/date";
import { Buffer, Span, encodeHex, hmacSha256, sha256 } from "as-proxy-wasm-sdk/bytes";

const SIGNED_HEADERS: string = "content-type;host;x-tc-action";

/** The header `authorization` of a chat request with this body, sent at this time (seconds since 1970). */
export function authorization(id: string, key: string, host: string, body: Span, seconds: i64): string {
  const day = amzDate(seconds * 1000);
  const date = `${day.substring(0, 4)}-${day.substring(4, 6)}-${day.substring(6, 8)}`;
  const scope = date + "/hunyuan/tc3_request";
  const canonical =
    `POST\n/\n\ncontent-type:application/json\nhost:${host}\nx-tc-action:chatcompletions\n\n` +
    `${SIGNED_HEADERS}\n${hex(sha256(body))}`;
  const signed = `TC3-HMAC-SHA256\n${seconds}\n${scope}\n${hex(sha256(Span.text(canonical)))}`;
  const dateKey = hmacSha256(Span.text("TC3" + key), Span.text(date));
  const serviceKey = hmacSha256(dateKey, Span.text("hunyuan"));
  const signature = hex(hmacSha256(hmacSha256(serviceKey, Span.text("tc3_request")), Span.text(signed)));
  return `TC3-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${SIGNED_HEADERS}, Signature=${signature}`;
}

function hex(bytes: Span): string {
  const out = new Buffer(64);
  encodeHex(out, bytes);
  return out.span().toString();
}
