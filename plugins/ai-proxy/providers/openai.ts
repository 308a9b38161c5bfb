// OpenAI, and everything that is reached with `openaiCustomUrl`.

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { lowerAscii, Span } from "as-proxy-wasm-sdk/bytes";
import { Api, apiName, isEditedByOpenAi } from "../apis";
import { Settings } from "../config/settings";
import { Request } from "../request";
import { CustomUrl } from "./custom-url";
import { ResponsesProvider } from "./responses-provider";

const ENDPOINTS: StaticArray<string> = [
  "/completions",
  "/embeddings",
  "/audio/speech",
  "/audio/transcriptions",
  "/audio/translations",
  "/images/generations",
  "/images/variations",
  "/images/edits",
  "/models",
  "/responses",
  "/fine_tuning/jobs",
  "/fine_tuning/checkpoints",
  "/realtime",
  "/videos",
];

export class OpenAi extends ResponsesProvider {
  constructor() {
    super("openai", "api.openai.com");
    for (let i = 0; i < <i32>Api.Count; i++) {
      if (apiName(<Api>i).startsWith("openai/")) this.offersAsOpenAi(<Api>i);
    }
    this.withoutToken().passesUnsupported().withResponseSchema();
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    this.credentialHeader = lowerAscii(Span.text(reader.text("authHeaderKey"))).toString();
    const url = reader.text("openaiCustomUrl");
    this.requestOptions.completionTokens = url.length == 0;
    this.requestOptions.customTools = url.length == 0;
    this.requestOptions.cacheControl = url.length > 0;
    if (url.length == 0) return;
    const custom = new CustomUrl(url);
    this.host = custom.host;
    if (custom.isEndpoint(ENDPOINTS)) {
      this.always(custom.path);
      this.checkEndpoint(reader, "openaiCustomUrl", custom.path);
    } else this.capabilities = custom.under(this.capabilities);
  }

  edits(api: Api): bool {
    return super.edits(api) && isEditedByOpenAi(api);
  }

  /** Without a token of its own the plugin hands on the client's, from wherever the client put it. */
  authenticate(request: Request, head: Head): void {
    let token = request.token;
    if (token.length == 0 && this.credentialHeader.length > 0) token = head.get(this.credentialHeader);
    if (token.length == 0) token = head.get("x-api-key");
    if (token.length == 0) token = head.get("x-authorization");
    if (token.length == 0) token = head.get("authorization");
    if (token.startsWith("Bearer ")) token = token.substring(7);
    if (token.length > 0) head.set("authorization", "Bearer " + token);
  }
}
