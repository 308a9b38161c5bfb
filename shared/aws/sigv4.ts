// AWS Signature Version 4 in the `authorization` header:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

import { Buffer, Span, encodeHex, hmacSha256, sha256 } from "../bytes";
import { AwsRequest } from "./canonical";
import { amzDate } from "./date";

const ALGORITHM: string = "AWS4-HMAC-SHA256";

/** A request's signature, with what it was made of. */
export class AwsSignature {
  /** Value of `x-amz-date`. */
  date: string = "";
  /** Value of `authorization`. */
  authorization: string = "";
  canonicalRequest: Span = Span.empty();
  stringToSign: Span = Span.empty();
  /** In hex. */
  signature: Span = Span.empty();
}

/** Signs requests to one service in one region. */
export class AwsSigner {
  constructor(
    private readonly accessKey: string,
    private readonly secretKey: string,
    private readonly region: string,
    private readonly service: string,
  ) {}

  /**
   * Signs the headers added to `request` and `x-amz-date`, which is added here; a session token is one that the
   * caller adds, as `x-amz-security-token`. `ms` is the time in milliseconds since 1970.
   */
  sign(request: AwsRequest, bodyHash: Span, ms: i64): AwsSignature {
    const result = new AwsSignature();
    result.date = amzDate(ms);
    request.sign(Span.text("x-amz-date"), Span.text(result.date));
    const canonical = new Buffer(512);
    request.write(canonical, bodyHash);
    result.canonicalRequest = canonical.span();

    const day = result.date.substring(0, 8);
    const scope = day + "/" + this.region + "/" + this.service + "/aws4_request";
    const text = new Buffer(256);
    text.text(ALGORITHM + "\n" + result.date + "\n" + scope + "\n");
    text.append(hexDigest(result.canonicalRequest));
    result.stringToSign = text.span();

    let key = hmacSha256(Span.text("AWS4" + this.secretKey), Span.text(day));
    key = hmacSha256(key, Span.text(this.region));
    key = hmacSha256(key, Span.text(this.service));
    key = hmacSha256(key, Span.text("aws4_request"));
    const hex = new Buffer(64);
    encodeHex(hex, hmacSha256(key, result.stringToSign));
    result.signature = hex.span();
    result.authorization =
      ALGORITHM +
      " Credential=" +
      this.accessKey +
      "/" +
      scope +
      ", SignedHeaders=" +
      request.signedHeaders() +
      ", Signature=" +
      result.signature.toString();
    return result;
  }
}

/** The SHA-256 of the bytes in hex, as a request's body is named. */
export function hexDigest(bytes: Span): Span {
  const hex = new Buffer(64);
  encodeHex(hex, sha256(bytes));
  return hex.span();
}
