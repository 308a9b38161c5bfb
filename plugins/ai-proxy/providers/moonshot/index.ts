// Moonshot: OpenAI's dialect, but a stream has its usage inside the last choice.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Buffer } from "as-proxy-wasm-sdk/bytes";
import { AnswerStage } from "../../answer-stage";
import { ContextSource } from "../../config/context-source";
import { Settings } from "../../config/settings";
import { Provider } from "../provider";
import { UsageStage } from "./usage-stage";

export class Moonshot extends Provider {
  constructor() {
    super("moonshot", "api.moonshot.cn");
    this.chat().models().takesReasoning();
    this.mendsStream = true;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    const file = reader.text("moonshotFileId");
    if (file.length > 0) {
      if (settings.context !== null) {
        reader.fail("moonshotFileId and context cannot be configured at the same time");
      }
      settings.context = ContextSource.ofProviderFile(this.host, `/v1/files/${file}/content`);
    }
    super.configure(reader, settings);
  }

  newStage(out: Buffer): AnswerStage | null {
    return new UsageStage(out);
  }
}
