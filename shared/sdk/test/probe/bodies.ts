// Steps that work on large bodies.

import { Body, BodyEdit, WINDOW, log } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";

/** Edits as `start,end,size;…` over a body that is measured window by window. An insertion is `size` times one letter. */
export function editBody(body: Body, splices: string): void {
  let size = 0;
  for (let window = body.window(0); window.size > 0; window = body.window(size)) size += window.size;
  const edit = new BodyEdit(body, size);
  const list: string[] = splices.length == 0 ? [] : splices.split(";");
  for (let i = 0; i < list.length; i++) {
    const numbers = list[i].split(",");
    const inserted = new Buffer(16);
    const count = <i32>I32.parseInt(numbers[2]);
    for (let k = 0; k < count; k++) inserted.push(0x41 + (i % 26));
    if (!edit.replace(<i32>I32.parseInt(numbers[0]), <i32>I32.parseInt(numbers[1]), inserted.span())) {
      log.info(`edit ${i} refused`);
    }
  }
  log.info(`edited ${size}: ${edit.apply()}`);
}

/** What a conversion between dialects costs: everything is read, and built anew twice as long in small pieces. */
export function doubleBody(body: Body): void {
  const all = body.all();
  const out = new Buffer(64);
  for (let at = 0; at < all.size; at += 64) {
    const piece = all.slice(at, at + 64);
    out.append(piece);
    out.append(Span.text(piece.toString()));
  }
  body.replace(out.span());
  if (out.size > 64 * WINDOW) log.warn("a body of this size is not for doubling");
}
