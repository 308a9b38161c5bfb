// Pictures and documents as Anthropic takes them: four kinds of pictures, PDF, and text.
// https://platform.claude.com/docs/en/build-with-claude/vision

import { Buffer, Span, decodeBase64, isUtf8 } from "../../bytes";
import { escapeInto } from "../../json";
import { ChatPart, PartKind } from "../chat";
import { Dropped } from "../dropped";

/** How the base 64 of each kind begins. What a file is called is often wrong, and a wrong name is refused. */
const BEGINNINGS: StaticArray<string> = ["/9j/", "\\/9j\\/", "iVBORw", "R0lGOD", "UklGR", "JVBERi"];
const TYPES: StaticArray<string> = ["jpeg", "jpeg", "png", "gif", "webp", ""];
const WEBP: i32 = 4;
const PDF: i32 = 5;
/** What tells WebP from sound and films in the same container, at this place of the base 64. */
const WEBP_MARK: string = "RUJQ";
const WEBP_MARK_AT: i32 = 12;

/**
 * Makes a picture or document one that can be sent; false, and noted, where it cannot. `keepsOthers`: the provider
 * takes more kinds than Anthropic does.
 */
export function prepareMedia(part: ChatPart, dropped: Dropped, keepsOthers: bool = false): bool {
  const given = part.mediaType;
  if (!part.detail.isEmpty) dropped.add("messages.content.image_url.detail");
  const isRemote = part.data.isEmpty;
  // No address, but text that is no base64; nor one of Google's or Amazon's storage.
  if (isRemote && !keepsOthers && !part.url.isEmpty && !part.url.startsWithAscii("http")) {
    dropped.add(part.kind == PartKind.Image ? "messages.content.image_url" : "messages.content.document.url");
    return false;
  }
  if (isRemote && (part.kind == PartKind.Image || given.isEmpty || part.url.isEmpty)) return true;
  let known = 0;
  while (known < BEGINNINGS.length && !part.data.startsWithAscii(BEGINNINGS[known])) known++;
  const mark = part.data.slice(WEBP_MARK_AT, WEBP_MARK_AT + WEBP_MARK.length);
  if (known == WEBP && mark.size == WEBP_MARK.length && !mark.equalsAscii(WEBP_MARK))
    known = BEGINNINGS.length;
  if (known < PDF) {
    part.kind = PartKind.Image;
    part.name = Span.empty();
    part.mediaType = Span.text("image/" + TYPES[known]);
    return true;
  }
  if (known == PDF || given.equalsAscii("application/pdf")) {
    part.kind = PartKind.File;
    part.mediaType = Span.text("application/pdf");
    return true;
  }
  if (keepsOthers) return true;
  // Too short to tell, or data that a test made up: the name counts where it is one that is taken.
  if (part.kind == PartKind.Image) {
    for (let i = 1; i < PDF; i++) if (given.equalsAscii("image/" + TYPES[i])) return true;
  } else if (readTextFile(part)) {
    return !part.text.isEmpty;
  }
  dropped.addNamed("messages.content.", given);
  return false;
}

/** Makes a file one that OpenAI takes: what is text becomes a text. False, and noted, for films. */
export function prepareFile(part: ChatPart, dropped: Dropped): bool {
  if (readTextFile(part)) {
    part.kind = PartKind.Text;
    if (!part.name.isEmpty) dropped.add("messages.content.file.filename");
  }
  if (!part.mediaType.startsWithAscii("video/")) return true;
  dropped.addNamed("messages.content.", part.mediaType);
  return false;
}

/** Decodes a file that is text: then `text` has what it says. */
function readTextFile(part: ChatPart): bool {
  const type = part.mediaType;
  if (part.data.isEmpty || !(type.startsWithAscii("text/") || type.equalsAscii("application/json")))
    return false;
  const bytes = decodeBase64(part.data);
  if (bytes === null || !isUtf8(bytes)) return false;
  const text = new Buffer(bytes.size);
  escapeInto(text, bytes);
  part.text = text.span();
  part.data = Span.empty();
  return true;
}
