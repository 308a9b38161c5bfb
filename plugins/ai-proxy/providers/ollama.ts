// Ollama, on the user's own server.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Settings } from "../config/settings";
import { Auth, Provider } from "./provider";

export class Ollama extends Provider {
  constructor() {
    super("ollama", "");
    this.chat().embeddings().models().authenticates(Auth.None).withoutToken().passesUnsupported();
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    const host = reader.text("ollamaServerHost");
    const port = reader.integerBetween("ollamaServerPort", 0, 0, 65535);
    if (host.length == 0) reader.fail("missing ollamaServerHost in provider config");
    else if (port == 0) reader.fail("missing ollamaServerPort in provider config");
    this.host = `${host}:${port}`;
  }
}
