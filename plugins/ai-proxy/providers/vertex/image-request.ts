// OpenAI's image generation, edits and variations as a request to a Gemini model that draws.
// https://platform.openai.com/docs/api-reference/images

import { Buffer, encodeBase64, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { escapeInto, Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ChatMessage, ChatPart, ChatRequest, PartKind, Role } from "as-proxy-wasm-sdk/llm/chat";
import { ContentWriter } from "as-proxy-wasm-sdk/llm/gemini/content-writer";
import { mediaTypeOfImage } from "as-proxy-wasm-sdk/llm/gemini/media-type";
import { GeminiModel } from "as-proxy-wasm-sdk/llm/gemini/model";
import { Api } from "../../apis";
import { boundaryOf, FormParts } from "../../multipart";
import { Request } from "../../request";

/** ` size=ratio,resolution `; other sizes are squares of 1k. */
const SIZES: string =
  " 1792x1024=16:9,2k 1024x1792=9:16,2k 2048x2048=1:1,2k 4096x4096=1:1,4k 1536x1024=3:2,2k 1024x1536=2:3,2k 1024x768=4:3,1k 1365x1024=4:3,1k 768x1024=3:4,1k 1024x1365=3:4,1k 1280x1024=5:4,1k 1024x1280=4:5,1k 2560x1080=21:9,2k ";
const UNKNOWN: string = "application/octet-stream";
/** Members that are read, or that ask for nothing else than what comes. */
const KNOWN: string = " model prompt size output_format images image image_url mask ";

export class ImageRequest {
  /** What is wrong with the request; "" when nothing is. */
  error: string = "";
  /** Escaped. */
  private prompt: Span = Span.empty();
  private size: string = "";
  private format: string = "";
  private hasMask: bool = false;
  private images: ChatPart[] = [];

  constructor(
    body: Span,
    private request: Request,
  ) {
    if (request.isForm) this.readForm(body);
    else this.readJson(Json.checked(body));
    if (this.error.length == 0) this.check();
  }

  /** Appends the request; `safetySettings` is a JSON array, or empty. */
  write(out: Buffer, safetySettings: Span): void {
    const message = new ChatMessage(Role.User);
    for (let i = 0; i < this.images.length; i++) message.parts.push(this.images[i]);
    message.parts.push(ChatPart.text(this.prompt));
    const chat = new ChatRequest();
    chat.messages.push(message);
    const json = new JsonWriter(out).object().key("contents").array();
    new ContentWriter(json, chat, new GeminiModel(Span.empty()), true).messages();
    json.end();
    if (!safetySettings.isEmpty) json.key("safetySettings").raw(safetySettings);
    json.key("generationConfig").object().key("temperature").integer(1).key("maxOutputTokens").integer(32768);
    json.key("responseModalities").array().text("TEXT").text("IMAGE").end();
    json.key("thinkingConfig").object().end();
    this.writeImageConfig(json.key("imageConfig").object());
    json.end().end();
  }

  private writeImageConfig(json: JsonWriter): void {
    let shape = "1:1,1k";
    const at = this.size.includes("=") ? -1 : SIZES.indexOf(" " + this.size + "=");
    if (at >= 0) shape = SIZES.substring(at + this.size.length + 2, SIZES.indexOf(" ", at + 1));
    const comma = shape.indexOf(",");
    json
      .key("aspectRatio")
      .text(shape.substring(0, comma))
      .key("imageSize")
      .text(shape.substring(comma + 1));
    let type = "image/png";
    if (this.format == "jpeg" || this.format == "jpg") type = "image/jpeg";
    else if (this.format == "webp") type = "image/webp";
    json.key("imageOutputOptions").object().key("mimeType").text(type).end();
    json.key("personGeneration").text("ALLOW_ALL").end();
  }

  private check(): void {
    const api = this.request.api;
    if (api != Api.ImageGeneration && this.images.length == 0) this.error = "missing image_url in request";
    else if (this.hasMask) this.error = "mask is not supported for vertex image edits yet";
    else if (!this.prompt.isEmpty) return;
    else if (api != Api.ImageVariation) this.error = "missing prompt in request";
    else this.prompt = Span.text("Create variations of the provided image.");
  }

  private readJson(body: Json): void {
    this.prompt = body.get("prompt").escaped();
    this.size = body.get("size").text();
    this.format = body.get("output_format").text();
    const mask = body.get("mask");
    this.hasMask = mask.kind > JsonKind.Null && !(mask.kind == JsonKind.String && mask.escaped().isEmpty);
    this.addImages(body.get("images"));
    this.addImages(body.get("image"));
    this.addImages(body.get("image_url"));
    const members = body.members();
    while (members.next()) if (members.value.kind > JsonKind.Null) this.note(members.keyBytes());
  }

  /** Pictures of a value: one, or a list of them. */
  private addImages(value: Json): void {
    if (value.kind != JsonKind.Array) {
      this.addImage(value);
      return;
    }
    const items = value.items();
    while (items.next()) this.addImage(items.value);
  }

  /** A URL, `{url}`, `{image_url}` or `{image_url:{url}}`. */
  private addImage(value: Json): void {
    let url = value;
    if (url.kind == JsonKind.Object) {
      const inner = url.get("image_url");
      url = inner.kind > JsonKind.Null ? inner : url.get("url");
      if (url.kind == JsonKind.Object) url = url.get("url");
    }
    if (url.kind == JsonKind.String) this.addUrl(url.escaped());
  }

  private addUrl(escaped: Span): void {
    const part = new ChatPart(PartKind.Image);
    part.setUrl(escaped);
    if (!part.data.isEmpty || part.url.startsWithAscii("http")) this.images.push(part);
    else if (!escaped.isEmpty) this.request.dropped.add("image");
  }

  private readForm(body: Span): void {
    const parts = new FormParts(body, boundaryOf(this.request.contentType));
    while (parts.next()) {
      const name = parts.name;
      if (name == "prompt") this.prompt = escapedText(trimAscii(parts.data));
      else if (name == "size") this.size = trimAscii(parts.data).toString();
      else if (name == "output_format") this.format = trimAscii(parts.data).toString();
      else if (name == "image" || name.startsWith("image[")) this.addFile(parts);
      else if (name == "mask" || name.startsWith("mask[")) this.hasMask = this.hasMask || !parts.data.isEmpty;
      else this.note(Span.text(name));
    }
    this.error = parts.error;
  }

  private addFile(parts: FormParts): void {
    const data = parts.data;
    if (data.isEmpty) return;
    if (
      data.startsWithAscii("data:") ||
      data.startsWithAscii("http://") ||
      data.startsWithAscii("https://")
    ) {
      this.addUrl(escapedText(trimAscii(data)));
      return;
    }
    let type = parts.mediaType;
    if (type.length == 0 || type == UNKNOWN) type = mediaTypeOfImage(data);
    if (type.length == 0) type = UNKNOWN;
    const base64 = new Buffer((data.size / 3 + 1) * 4);
    encodeBase64(base64, data);
    const part = new ChatPart(PartKind.Image);
    part.mediaType = escapedText(Span.text(type));
    part.data = base64.take();
    this.images.push(part);
  }

  private note(name: Span): void {
    if (!KNOWN.includes(" " + name.toString() + " ")) this.request.dropped.addNamed("", name);
  }
}

function escapedText(text: Span): Span {
  const out = new Buffer(text.size + 16);
  escapeInto(out, text);
  return out.take();
}
