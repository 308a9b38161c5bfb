// The canonical form of a request, which both ends of an AWS signature compute for themselves:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request

import { Buffer, Span, lowerAscii, percentDecode, percentEncode, trimAscii } from "../bytes";

class Pair {
  constructor(
    readonly name: Span,
    readonly value: Span,
  ) {}
}

/** A request as it is sent, with the headers that the signature is to cover. */
export class AwsRequest {
  /** The path is written as sent, not encoded once more: only S3 wants it so. */
  keepsPath: bool = false;
  /** `.`, `..` and doubled slashes are resolved first: all services but S3 want it so. */
  normalizesPath: bool = true;
  private readonly headers: Pair[] = [];

  /** `path` and `query` as they are sent, the query without its `?`. */
  constructor(
    private readonly method: string,
    private readonly path: Span,
    private readonly query: Span,
  ) {}

  /** Adds a header to sign; headers of the same name are joined in the order they come. */
  sign(name: Span, value: Span): void {
    insertSorted(this.headers, new Pair(lowerAscii(name).copy(), singleSpaced(value)), false);
  }

  /** Names of the headers to sign: `host;x-amz-date`. */
  signedHeaders(): string {
    const out = new Buffer();
    for (let i = 0; i < this.headers.length; i++) {
      const name = this.headers[i].name;
      if (i > 0 && name.equals(this.headers[i - 1].name)) continue;
      if (i > 0) out.push(0x3b);
      out.append(name);
    }
    return out.span().toString();
  }

  /** Appends the canonical request; `bodyHash` is the body's SHA-256 in hex, or a word that S3 takes for it. */
  write(out: Buffer, bodyHash: Span): void {
    out.text(this.method);
    out.push(0x0a);
    const path = this.normalizesPath ? normalized(this.path) : this.path;
    if (this.keepsPath) out.append(path);
    else percentEncode(out, path, true);
    out.push(0x0a);
    writeQuery(out, this.query);
    out.push(0x0a);
    for (let i = 0; i < this.headers.length; i++) {
      const header = this.headers[i];
      if (i > 0 && header.name.equals(this.headers[i - 1].name)) {
        out.push(0x2c);
      } else {
        if (i > 0) out.push(0x0a);
        out.append(header.name);
        out.push(0x3a);
      }
      out.append(header.value);
    }
    out.text("\n\n");
    out.text(this.signedHeaders());
    out.push(0x0a);
    out.append(bodyHash);
  }
}

/** The value trimmed, each run of white space within made one space. */
function singleSpaced(value: Span): Span {
  const trimmed = trimAscii(value);
  const out = new Buffer(trimmed.size);
  let wasSpace = false;
  for (let i = 0; i < trimmed.size; i++) {
    const byte = trimmed.at(i);
    const isSpace = byte == 0x20 || (byte >= 0x09 && byte <= 0x0d);
    if (!isSpace) out.push(byte);
    else if (!wasSpace) out.push(0x20);
    wasSpace = isSpace;
  }
  return out.span();
}

function normalized(path: Span): Span {
  const kept: Span[] = [];
  let start = 0;
  while (start <= path.size) {
    let end = path.indexOf(0x2f, start);
    if (end < 0) end = path.size;
    const segment = path.slice(start, end);
    start = end + 1;
    if (segment.equalsAscii("..")) {
      if (kept.length > 0) kept.pop();
    } else if (!segment.isEmpty && !segment.equalsAscii(".")) kept.push(segment);
  }
  const out = new Buffer(path.size + 1);
  for (let i = 0; i < kept.length; i++) {
    out.push(0x2f);
    out.append(kept[i]);
  }
  if (out.isEmpty || path.at(path.size - 1) == 0x2f) out.push(0x2f);
  return out.span();
}

/** Parameters encoded anew and in order of name, then value. */
function writeQuery(out: Buffer, query: Span): void {
  const parameters: Pair[] = [];
  let start = 0;
  while (start < query.size) {
    let end = query.indexOf(0x26, start);
    if (end < 0) end = query.size;
    const parameter = query.slice(start, end);
    start = end + 1;
    if (parameter.isEmpty) continue;
    const equals = parameter.indexOf(0x3d);
    const name = equals < 0 ? parameter : parameter.slice(0, equals);
    const value = equals < 0 ? Span.empty() : parameter.slice(equals + 1);
    insertSorted(parameters, new Pair(reencoded(name), reencoded(value)), true);
  }
  for (let i = 0; i < parameters.length; i++) {
    if (i > 0) out.push(0x26);
    out.append(parameters[i].name);
    out.push(0x3d);
    out.append(parameters[i].value);
  }
}

function reencoded(text: Span): Span {
  const out = new Buffer(text.size);
  percentEncode(out, percentDecode(text));
  return out.span();
}

/** Inserts behind all pairs that are not greater: few are sorted, and equal ones stay in their order. */
function insertSorted(pairs: Pair[], pair: Pair, byValue: bool): void {
  let at = pairs.length;
  while (at > 0) {
    const other = pairs[at - 1];
    let order = compare(other.name, pair.name);
    if (order == 0 && byValue) order = compare(other.value, pair.value);
    if (order <= 0) break;
    at--;
  }
  pairs.push(pair);
  for (let i = pairs.length - 1; i > at; i--) pairs[i] = pairs[i - 1];
  pairs[at] = pair;
}

function compare(left: Span, right: Span): i32 {
  const order = memory.compare(left.start, right.start, <usize>min(left.size, right.size));
  return order != 0 ? order : left.size - right.size;
}
