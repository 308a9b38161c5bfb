// Multipart forms (image edits and variations). Their `model` field is found, and written over in place: all other
// parts, the boundary included, stay byte for byte. https://www.rfc-editor.org/rfc/rfc7578

import { Buffer, equalsAsciiIgnoreCase, lowerAscii, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";

/** The boundary of a content type, "" when it has none. */
export function boundaryOf(contentType: string): string {
  const parameters = contentType.split(";");
  for (let i = 1; i < parameters.length; i++) {
    const parameter = parameters[i].trim();
    const equals = parameter.indexOf("=");
    if (equals < 0 || !equalsAsciiIgnoreCase(Span.text(parameter.substring(0, equals)), "boundary")) continue;
    const value = parameter.substring(equals + 1);
    const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
    return isQuoted ? value.substring(1, value.length - 1) : value;
  }
  return "";
}

/** Walks over the parts of a form. */
export class FormParts {
  /** What is wrong with the form; "" when all is well. */
  error: string = "";
  /** The field that the part belongs to, and its media type in lower case; "" when not told. */
  name: string = "";
  mediaType: string = "";
  /** Where its data stands. */
  start: i32 = 0;
  end: i32 = 0;
  /** Where the delimiter of the next part, in the end the closing one, begins. */
  delimiterAt: i32 = 0;
  private delimiter: string;

  constructor(
    private body: Span,
    boundary: string,
  ) {
    this.delimiter = "--" + boundary;
    const isFirst = body.startsWithAscii(this.delimiter);
    this.delimiterAt = isFirst ? 0 : body.indexOfAscii("\r\n" + this.delimiter) + 2;
    if (boundary.length == 0) this.error = "missing multipart boundary";
    else if (this.delimiterAt == 1) this.error = "unable to read multipart part: no boundary in the body";
  }

  next(): bool {
    const after = this.delimiterAt + this.delimiter.length;
    if (this.error.length > 0 || this.body.slice(after, after + 2).equalsAscii("--")) return false;
    const lineEnd = this.body.indexOfAscii("\r\n", after);
    const end = lineEnd < 0 ? -1 : this.body.indexOfAscii("\r\n" + this.delimiter, lineEnd);
    if (end < 0) {
      this.error = "unable to read multipart part: the form ends inside it";
      return false;
    }
    this.delimiterAt = end + 2;
    this.end = end;
    this.readHeaders(lineEnd + 2);
    return true;
  }

  get data(): Span {
    return this.body.slice(this.start, this.end);
  }

  private readHeaders(from: i32): void {
    this.name = "";
    this.mediaType = "";
    let at = from;
    while (at < this.end) {
      const lineEnd = this.body.indexOfAscii("\r\n", at);
      const line = this.body.slice(at, min(lineEnd, this.end));
      at = lineEnd + 2;
      if (line.isEmpty) break;
      const known = lowerAscii(line);
      if (known.startsWithAscii("content-disposition:")) this.name = nameIn(line, known);
      else if (known.startsWithAscii("content-type:")) {
        const mark = known.indexOf(0x3b);
        this.mediaType = trimAscii(known.slice(13, mark < 0 ? known.size : mark)).toString();
      }
    }
    // Without the empty line behind the headers there is no data.
    if (at > this.end) this.name = "";
    this.start = min(at, this.end);
  }
}

/** The field's name in a content disposition; `lower` is the same line in lower case. */
function nameIn(line: Span, lower: Span): string {
  let at = lower.indexOfAscii("name=");
  // Not that of a file.
  while (at > 0 && line.at(at - 1) != 0x20 && line.at(at - 1) != 0x3b)
    at = lower.indexOfAscii("name=", at + 1);
  if (at <= 0) return "";
  const value = line.slice(at + 5);
  const isQuoted = value.at(0) == 0x22;
  const end = value.indexOf(isQuoted ? 0x22 : 0x3b, 1);
  return trimAscii(value.slice(isQuoted ? 1 : 0, end < 0 ? value.size : end)).toString();
}

export class ModelField {
  /** "" when all is well. */
  error: string = "";
  /** The last field's text, trimmed; "" when there is none. */
  model: string = "";
  /** Where its data stands; -1 when there is none. */
  private start: i32 = -1;
  private end: i32 = -1;
  /** Where the closing delimiter begins. */
  private close: i32 = -1;

  constructor(
    private body: Span,
    private boundary: string,
  ) {
    const parts = new FormParts(body, boundary);
    while (parts.next()) {
      if (parts.name != "model") continue;
      this.start = parts.start;
      this.end = parts.end;
      this.model = trimAscii(parts.data).toString();
    }
    this.error = parts.error;
    this.close = parts.delimiterAt;
  }

  /** The form with another model. */
  replaced(model: string): Span {
    const out = new Buffer(this.body.size + 256);
    if (this.start >= 0) {
      out.append(this.body.slice(0, this.start));
      out.text(model);
      out.append(this.body.slice(this.end));
    } else {
      out.append(this.body.slice(0, this.close));
      out.text(`--${this.boundary}\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n`);
      out.append(this.body.slice(this.close));
    }
    return out.take();
  }
}
