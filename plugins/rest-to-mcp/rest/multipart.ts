// Arguments as the parts of a form that may hold files. https://www.rfc-editor.org/rfc/rfc7578

import { random } from "as-proxy-wasm-sdk/sdk";
import { Buffer, decodeBase64, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { Argument } from "./argument";
import { plainText } from "./plain-json";

export const MULTIPART_TYPE: string = "multipart/form-data";

export class Multipart {
  /** Why the form cannot be made, or "". */
  error: string = "";
  private parts: Buffer = new Buffer(1024);
  /** Nobody can guess it, so no value holds it. */
  private boundary: string = `form-${random().toString(16)}${random().toString(16)}`;

  get type(): string {
    return `${MULTIPART_TYPE}; boundary=${this.boundary}`;
  }

  add(argument: Argument, value: Json): void {
    if (value.kind == JsonKind.Array && argument.notation.explode) {
      const items = value.items();
      while (items.next()) this.part(argument, items.value);
    } else this.part(argument, value);
  }

  body(): Span {
    this.parts.text(`--${this.boundary}--\r\n`);
    return this.parts.span();
  }

  private part(argument: Argument, value: Json): void {
    const out = this.parts;
    const name = quoted(argument.sentAs);
    out.text(`--${this.boundary}\r\nContent-Disposition: form-data; name="${name}"`);
    let type = argument.contentType;
    let content = plainText(value);
    if (argument.isFile) {
      const bytes = decodeBase64(content);
      if (bytes === null) this.error = `argument ${argument.name}: expected base64`;
      else content = bytes;
      out.text(`; filename="${name}"`);
      if (type.length == 0) type = "application/octet-stream";
    } else if (type.length == 0 && value.kind >= JsonKind.Array) type = "application/json";
    if (type.length > 0) out.text("\r\nContent-Type: " + type);
    out.text("\r\n\r\n");
    out.append(content);
    out.text("\r\n");
  }
}

/** As browsers write names. https://html.spec.whatwg.org/#multipart-form-data */
function quoted(name: string): string {
  return name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
