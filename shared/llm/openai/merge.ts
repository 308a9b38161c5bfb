// Adjacent messages of one role become one, for servers that want user and assistant to take turns.

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { NONE, joinText, textOf, writeQuoted } from "../text";
import { messagesOf } from "./edit";
import { Rewrite } from "./rewrite";

/**
 * Merges adjacent messages with the role `user`, or `assistant`, into the first: strings are joined with an empty
 * line, otherwise all content becomes one list of parts. Messages that have more than a role, a name and content
 * are left alone, since the rest could not be merged. The very same span when nothing is merged.
 */
export function mergeConsecutive(body: Span): Span {
  const merge = new Merge(body);
  const items = messagesOf(body).items();
  while (items.next()) merge.take(items.value);
  return merge.finish();
}

class Merge {
  private readonly rewrite: Rewrite;
  /** The first of the messages being merged, and where the last of them ends. */
  private first: Json | null = null;
  private end: i32 = 0;
  private count: i32 = 0;
  private role: Span = NONE;
  private isOpen: bool = false;
  /** The joined strings, as long as all content is strings. */
  private readonly text: Buffer = new Buffer();
  /** The parts, once some content is a list. */
  private readonly parts: Buffer = new Buffer();
  private isList: bool = false;

  constructor(body: Span) {
    this.rewrite = new Rewrite(body);
  }

  take(message: Json): void {
    const role = textOf(message.get("role"));
    const isOpen = (role.equalsAscii("user") || role.equalsAscii("assistant")) && isMergeable(message);
    const first = this.first;
    if (first && isOpen && this.isOpen && role.equals(this.role)) {
      if (this.count == 1) this.add(first.get("content"));
      this.add(message.get("content"));
      this.count++;
      this.end = endOf(message);
      return;
    }
    this.flush();
    this.first = message;
    this.role = role;
    this.isOpen = isOpen;
    this.count = 1;
  }

  finish(): Span {
    this.flush();
    return this.rewrite.finish();
  }

  /** Writes the messages taken so far, when they are more than one. */
  private flush(): void {
    const first = this.first;
    if (!first || this.count == 1) return;
    const merged = new Buffer(this.text.size + this.parts.size + 16);
    const content = first.get("content");
    if (!content.exists) merged.text('"content":');
    if (this.isList) {
      merged.push(0x5b);
      merged.append(this.parts.span());
      merged.push(0x5d);
    } else {
      writeQuoted(merged, this.text.span());
    }
    if (content.exists) {
      this.rewrite.replace(content.offset, endOf(content), merged.span());
    } else {
      // The role follows, so a comma does too.
      merged.push(0x2c);
      this.rewrite.replace(first.offset + 1, first.offset + 1, merged.span());
    }
    this.rewrite.replace(endOf(first), this.end, NONE);
    this.text.clear();
    this.parts.clear();
    this.isList = false;
  }

  private add(content: Json): void {
    if (content.kind == JsonKind.Array) {
      if (!this.isList && !this.text.isEmpty) this.addPart(this.text.span());
      this.isList = true;
      const list = content.raw();
      if (content.length() == 0) return;
      if (!this.parts.isEmpty) this.parts.push(0x2c);
      this.parts.append(list.slice(1, list.size - 1));
    } else if (content.kind == JsonKind.String) {
      if (this.isList) this.addPart(content.escaped());
      else joinText(this.text, "\\n\\n", content.escaped());
    }
  }

  private addPart(text: Span): void {
    if (!this.parts.isEmpty) this.parts.push(0x2c);
    this.parts.text('{"type":"text","text":');
    writeQuoted(this.parts, text);
    this.parts.push(0x7d);
  }
}

/** True for a message of role, name and content; other members must say nothing. */
function isMergeable(message: Json): bool {
  const members = message.members();
  while (members.next()) {
    const name = members.keyBytes();
    const kind = members.value.kind;
    if (name.equalsAscii("content")) {
      if (kind != JsonKind.Null && kind != JsonKind.String && kind != JsonKind.Array) return false;
    } else if (!name.equalsAscii("role") && !name.equalsAscii("name")) {
      const isEmptyList = kind == JsonKind.Array && members.value.length() == 0;
      if (kind != JsonKind.Null && !isEmptyList) return false;
    }
  }
  return true;
}

function endOf(value: Json): i32 {
  return value.offset + value.raw().size;
}
