// Tencent Hunyuan: OpenAI's dialect with a token, or Tencent Cloud's own API with signed requests.
// https://cloud.tencent.com/document/api/1729/105701

import { ConfigReader, Head, nowMs } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { Api } from "../../apis";
import { Settings } from "../../config/settings";
import { Request } from "../../request";
import { ObjectReader } from "../object-answer";
import { ObjectProvider } from "../object-provider";
import { HunyuanReader } from "./answer";
import { writeHunyuanRequest } from "./request";
import { authorization } from "./signature";

export class Hunyuan extends ObjectProvider {
  private secretId: string = "";
  private secretKey: string = "";

  constructor() {
    super("hunyuan", "api.hunyuan.cloud.tencent.com");
    this.chat().embeddings().withoutToken();
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    this.secretId = reader.secret("hunyuanAuthId");
    this.secretKey = reader.secret("hunyuanAuthKey");
    this.hasDialect = this.secretId.length + this.secretKey.length > 0;
    if (!this.hasDialect) return;
    if (this.secretId.length != 36 || this.secretKey.length != 32) {
      reader.fail("hunyuanAuthId / hunyuanAuthKey is illegal in config file");
    }
    this.sealsRequest = true;
    this.hasOwnCredential = true;
    this.host = "hunyuan.tencentcloudapi.com";
    this.capabilities.clear();
    this.chat().always("/").recognises("", Api.ChatCompletions);
  }

  authenticate(request: Request, head: Head): void {
    if (!this.hasDialect) return super.authenticate(request, head);
    head.set("x-tc-action", "ChatCompletions");
    head.set("x-tc-version", "2023-09-01");
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    if (!this.hasDialect) return super.writeRequest(chat, request, out);
    writeHunyuanRequest(chat, out);
    return "";
  }

  seal(head: Head, request: Request, body: Span): void {
    const seconds = nowMs() / 1000;
    head.set("x-tc-timestamp", seconds.toString());
    head.set("accept", Json.read(body).get("Stream").isTrue ? "text/event-stream" : "*/*");
    // Part of what is signed.
    head.set("content-type", "application/json");
    head.set("authorization", authorization(this.secretId, this.secretKey, request.host, body, seconds));
  }

  protected newReader(events: ChatEvents, request: Request): ObjectReader {
    return new HunyuanReader(events);
  }
}
