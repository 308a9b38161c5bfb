// `context`: a text on a web server that is put before every conversation (compat ai-proxy §9).

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";

export class ContextFile {
  constructor(
    public cluster: string,
    public authority: string,
    /** With query. */
    public path: string,
  ) {}

  /** Null when there is no `context`; errors go to the reader's report. */
  static read(reader: ConfigReader): ContextFile | null {
    if (!reader.has("context")) return null;
    const context = reader.child("context");
    const url = context.text("fileUrl");
    const service = context.text("serviceName");
    const port = context.integer("servicePort");
    const scheme = url.indexOf("://");
    const start = scheme < 0 ? 0 : scheme + 3;
    const slash = url.indexOf("/", start);
    const end = slash < 0 ? url.length : slash;
    if (url.length == 0) reader.fail("missing fileUrl in context config");
    else if (scheme <= 0 || end == start) {
      reader.fail("invalid fileUrl in context config: expected scheme://host/path");
    } else if (service.length == 0) reader.fail("missing serviceName in context config");
    else if (port <= 0) reader.fail("missing servicePort in context config");
    return new ContextFile(
      `outbound|${port}||${service}`,
      url.substring(start, end),
      slash < 0 ? "/" : url.substring(slash),
    );
  }
}
