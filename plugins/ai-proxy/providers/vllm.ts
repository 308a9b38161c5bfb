// vLLM, on the user's own servers.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Api } from "../apis";
import { Settings } from "../config/settings";
import { CustomUrl } from "./custom-url";
import { Provider } from "./provider";

const ENDPOINTS: StaticArray<string> = ["/completions", "/rerank"];

export class Vllm extends Provider {
  constructor() {
    super("vllm", "vllm-service.cluster.local");
    this.chat().completions().models().embeddings().offersAsOpenAi(Api.CohereRerank);
    this.recognisesOwnPaths().withoutToken().takesTopK();
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    const server = reader.text("vllmServerHost");
    const url = reader.text("vllmCustomUrl");
    if (url.length > 0) {
      const custom = new CustomUrl(url);
      this.host = custom.host;
      if (custom.isEndpoint(ENDPOINTS)) this.always(custom.path);
      else this.capabilities = custom.under(this.capabilities);
    } else if (server.length > 0) {
      // Upstream names the cluster's port; the authority has never had one here.
      const colon = server.indexOf(":");
      this.host = colon < 0 ? server : server.substring(0, colon);
    }
  }
}
