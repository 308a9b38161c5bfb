// A text that is put before every conversation, and where it comes from: `context` of a provider entry (compat
// ai-proxy §9), or a file that lies with the provider.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";

export class ContextSource {
  /** String content, once it was fetched; kept as long as the configuration. */
  text: Span | null = null;

  constructor(
    /** "" is that of the request's own route. */
    public cluster: string,
    public authority: string,
    /** With query. */
    public path: string,
    /** The text is the member `content` of a JSON answer, and the provider's token is needed to get it. */
    public isProviderFile: bool,
  ) {}

  static ofProviderFile(host: string, path: string): ContextSource {
    return new ContextSource("", host, path, true);
  }

  /** Null when there is no `context`; errors go to the reader's report. */
  static read(reader: ConfigReader): ContextSource | null {
    if (!reader.has("context")) return null;
    const context = reader.child("context");
    const url = context.text("fileUrl");
    const service = context.text("serviceName");
    const port = context.integerBetween("servicePort", 0, 0, 65535);
    context.warnUnread();
    const scheme = url.indexOf("://");
    const start = scheme < 0 ? 0 : scheme + 3;
    const slash = url.indexOf("/", start);
    const end = scheme < 0 ? 0 : slash < 0 ? url.length : slash;
    if (url.length == 0) reader.fail("missing fileUrl in context config");
    else if (scheme == 0 || url.includes(" ") || (scheme < 0 && url.includes(":"))) {
      reader.fail("invalid fileUrl in context config: expected scheme://host/path");
    } else if (service.length == 0) reader.fail("missing serviceName in context config");
    else if (port <= 0) reader.fail("missing servicePort in context config");
    const path = url.substring(end);
    return new ContextSource(
      `outbound|${port}||${service}`,
      // The service knows a URL that is only a path.
      end > start ? url.substring(start, end) : service,
      path.startsWith("/") ? path : "/" + path,
      false,
    );
  }
}
