// ai-proxy: one API for every model provider. The request finds its provider, path, credential and model here;
// the answer comes back in the client's dialect.

export * from "as-proxy-wasm-sdk/sdk/exports";
import { Body, Flow, Head, plugin, property, setProperty, Stream } from "as-proxy-wasm-sdk/sdk";
import { Api } from "./apis";
import { ProxyConfig, Upstream } from "./config";
import { errorBody } from "./errors";
import { editOpenAiBody, watchedMembers } from "./openai-body";
import { Request } from "./request";
import { RequestBody } from "./request-body";
import { isRequestTooLarge, MAX_BODY_BYTES } from "./limits";
import { prepareRequest, writeRequestHead } from "./request-head";

plugin<ProxyConfig>("ai-proxy", ProxyConfig.parse, () => new AiProxy());

class AiProxy extends Stream<ProxyConfig> {
  private upstream: Upstream | null = null;
  private request: Request | null = null;
  private body: RequestBody | null = null;

  onRequestHead(head: Head, end: bool): Flow {
    const upstream = this.config.upstream;
    if (upstream === null) return this.leaveAlone();
    // Editing headers must not choose the route again.
    setProperty("clear_route_cache", "off");
    const request = prepareRequest(head, upstream);
    this.upstream = upstream;
    this.request = request;
    if (isRequestTooLarge(head)) {
      return this.refuse(413, "request_too_large", "the request body is larger than 100 MiB");
    }
    writeRequestHead(head, request, upstream);
    if (end) return Flow.Next;

    head.remove("content-length");
    setProperty("set_decoder_buffer_limit", MAX_BODY_BYTES.toString());
    if (request.readsBody) this.body = new RequestBody(watchedMembers(upstream));
    else this.ignoreRequestBody();
    return Flow.Hold;
  }

  onRequestBody(body: Body, end: bool): Flow {
    const upstream = this.upstream;
    const request = this.request;
    const edited = this.body;
    if (upstream === null || request === null || edited === null) return Flow.Next;
    if (request.api != Api.None && upstream.refuses(request.api)) {
      return this.fail("proc_req_body_failed", "request body", upstream.provider.unsupportedMessage(request.api));
    }
    edited.advance(body);
    if (!end) return Flow.Hold;
    editOpenAiBody(edited, request, upstream, this.requestHead);
    if (!edited.apply()) return this.fail("proc_req_body_failed", "request body", "the body could not be edited");
    return Flow.Next;
  }

  onResponseHead(head: Head, end: bool): Flow {
    this.ignoreResponseBody();
    return Flow.Next;
  }

  private leaveAlone(): Flow {
    this.ignoreRequestBody();
    this.ignoreResponseBody();
    return Flow.Next;
  }

  private fail(reason: string, what: string, message: string): Flow {
    return this.refuse(500, reason, `failed to process ${what}: ${message}`);
  }

  /** Tells the client in its own dialect. */
  private refuse(status: i32, reason: string, message: string): Flow {
    const request = this.request;
    if (request === null) return Flow.Next;
    return this.reply(status, "application/json", errorBody(request.dialect, status, message), "ai-proxy." + reason);
  }
}
