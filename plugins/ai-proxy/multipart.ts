// The `model` field of a multipart form (image edits and variations): found, and written over in place. All other
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
    this.find();
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

  private find(): void {
    const delimiter = "--" + this.boundary;
    let at = this.body.startsWithAscii(delimiter) ? 0 : this.body.indexOfAscii("\r\n" + delimiter) + 2;
    if (at == 1) this.error = "unable to read multipart part: no boundary in the body";
    while (this.error.length == 0) {
      const after = at + delimiter.length;
      if (this.body.slice(after, after + 2).equalsAscii("--")) {
        this.close = at;
        return;
      }
      const lineEnd = this.body.indexOfAscii("\r\n", after);
      const next = lineEnd < 0 ? -1 : this.body.indexOfAscii("\r\n" + delimiter, lineEnd);
      if (next < 0) {
        this.error = "unable to read multipart part: the form ends inside it";
        return;
      }
      this.readPart(lineEnd + 2, next);
      at = next + 2;
    }
  }

  private readPart(start: i32, end: i32): void {
    let at = start;
    let isModel = false;
    while (at < end) {
      const lineEnd = this.body.indexOfAscii("\r\n", at);
      const line = this.body.slice(at, min(lineEnd, end));
      at = lineEnd + 2;
      if (line.isEmpty) break;
      if (isModelDisposition(line)) isModel = true;
    }
    if (!isModel || at > end) return;
    this.start = at;
    this.end = end;
    this.model = trimAscii(this.body.slice(at, end)).toString();
  }
}

function isModelDisposition(line: Span): bool {
  if (!lowerAscii(line.slice(0, 20)).equalsAscii("content-disposition:")) return false;
  const name = lowerAscii(line).indexOfAscii(" name=");
  const value = line.slice(name + 6);
  return (
    name > 0 &&
    (value.startsWithAscii('"model"') || value.equalsAscii("model") || value.startsWithAscii("model;"))
  );
}
