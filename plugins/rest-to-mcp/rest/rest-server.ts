// A REST API whose operations are tools.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Server } from "../server";

export class RestServer extends Server {
  /** `server` and `tools` of the configuration; what is wrong is recorded in the readers' report. */
  static read(name: string, server: ConfigReader, tools: ConfigReader[]): RestServer {
    return new RestServer(name);
  }
}
