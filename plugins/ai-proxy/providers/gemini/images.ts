// Gemini takes pictures as bytes only, so those that a conversation gives by address are fetched while the request
// waits: through the route's own cluster, as Higress does.

import { AnyStream, Head, HttpCall, HttpReply, HttpRequest, clusterName, send } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span, encodeBase64, percentEncode } from "as-proxy-wasm-sdk/bytes";
import { unescapeInto } from "as-proxy-wasm-sdk/json";
import { ChatPart, ChatRequest, PartKind } from "as-proxy-wasm-sdk/llm/chat";
import { mediaTypeOfImage } from "as-proxy-wasm-sdk/llm/gemini/media-type";
import { NONE } from "as-proxy-wasm-sdk/llm/text";
import { Preparation, PreparationWaiter } from "../../preparation";

const TIMEOUT_MS: i32 = 30000;
/** Of one picture, and of all pictures of a request. */
const MAX_BYTES: i32 = 100 << 20;
const MAX_IMAGES: i32 = 64;

/** Files that Google has already; only its models can read them. */
const GOOGLE_FILES: string = "https://generativelanguage.googleapis.com/";

/** The pictures of a conversation that have to be fetched. */
export function remoteImages(chat: ChatRequest): ChatPart[] {
  const images: ChatPart[] = [];
  for (let i = 0; i < chat.messages.length; i++) {
    const parts = chat.messages[i].parts;
    for (let j = 0; j < parts.length; j++) {
      addRemote(images, parts[j]);
      for (let k = 0; k < parts[j].parts.length; k++) addRemote(images, parts[j].parts[k]);
    }
  }
  return images;
}

function addRemote(images: ChatPart[], part: ChatPart): void {
  if (part.kind != PartKind.Image || part.url.startsWithAscii(GOOGLE_FILES)) return;
  const url = plainUrl(part.url);
  if (url.startsWith("http://") || url.startsWith("https://")) images.push(part);
}

/** The address without JSON's escapes; white space and all that is not ASCII percent-encoded. */
function plainUrl(escaped: Span): string {
  const url = new Buffer(escaped.size);
  unescapeInto(url, escaped);
  const bytes = url.span();
  const plain = new Buffer(bytes.size);
  for (let i = 0; i < bytes.size; i++) {
    if (bytes.at(i) > 0x20 && bytes.at(i) < 0x7f) plain.push(bytes.at(i));
    else percentEncode(plain, bytes.slice(i, i + 1));
  }
  return plain.span().toString();
}

/** Fetches all of them at the same time. */
export class ImagesPreparation extends Preparation {
  private pending: i32 = 0;
  private bytes: i32 = 0;
  private isDone: bool = false;

  constructor(private images: ChatPart[]) {
    super();
    this.detail = "gemini.fetch_image_failed";
  }

  start(head: Head, stream: AnyStream, waiter: PreparationWaiter): bool {
    if (this.images.length > MAX_IMAGES) this.fail(`more than ${MAX_IMAGES} in one request`);
    for (let i = 0; i < this.images.length && this.error.length == 0; i++) {
      this.fetch(this.images[i], stream, waiter);
    }
    return this.pending > 0;
  }

  private fetch(image: ChatPart, stream: AnyStream, waiter: PreparationWaiter): void {
    const url = plainUrl(image.url);
    const start = url.indexOf("://") + 3;
    let end = start;
    while (end < url.length && !"/?#".includes(url.charAt(end))) end++;
    const authority = url.substring(
      url.lastIndexOf("@", end - 1) >= start ? url.lastIndexOf("@", end - 1) + 1 : start,
      end,
    );
    const mark = url.indexOf("#", end);
    const path = url.substring(end, mark < 0 ? url.length : mark);
    const request = new HttpRequest(
      clusterName(),
      "GET",
      authority,
      path.startsWith("/") ? path : "/" + path,
    );
    request.headers
      .add("accept", "image/*")
      .add("user-agent", "Mozilla/5.0 (compatible; AI-Proxy/1.0)")
      .add("referer", "https://www.google.com/");
    request.timeoutMs = TIMEOUT_MS;
    if (send(request, new ImageCall(stream, this, image, waiter))) this.pending++;
    else this.fail("no cluster " + clusterName());
  }

  fail(why: string): void {
    this.error = "failed to fetch image: " + why;
  }

  /** One of them has come, or has not. */
  arrived(image: ChatPart, reply: HttpReply, waiter: PreparationWaiter): void {
    this.pending--;
    if (this.isDone) return;
    if (this.error.length == 0) this.keep(image, reply);
    if (this.error.length == 0 && this.pending > 0) return;
    this.isDone = true;
    waiter.prepared(this);
  }

  private keep(image: ChatPart, reply: HttpReply): void {
    if (reply.status != 200) return this.fail(`status ${reply.status}`);
    const body = reply.body.read(0, MAX_BYTES - this.bytes + 1);
    this.bytes += body.size;
    if (this.bytes > MAX_BYTES) return this.fail(`more than ${MAX_BYTES} bytes`);
    const seen = mediaTypeOfImage(body);
    const told = reply.head.contentType;
    if (seen.length > 0) image.mediaType = Span.text(seen);
    else if (told.startsWith("image/")) image.mediaType = Span.text(told.split(";")[0].trim());
    else return this.fail("the answer is none");
    const data = new Buffer((body.size / 3 + 1) * 4);
    encodeBase64(data, body);
    image.data = data.take();
    image.url = NONE;
  }
}

class ImageCall extends HttpCall {
  constructor(
    stream: AnyStream,
    private images: ImagesPreparation,
    private image: ChatPart,
    private waiter: PreparationWaiter,
  ) {
    super();
    this.stream = stream;
  }

  onReply(reply: HttpReply): void {
    this.images.arrived(this.image, reply, this.waiter);
  }
}
