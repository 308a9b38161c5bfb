// ai-proxy: one API for every model provider. The request finds its provider, path, credential and model here;
// the answer comes back in the client's dialect.

export * from "as-proxy-wasm-sdk/sdk/exports";
import { Body, Flow, Head, plugin, property, setProperty, Stream } from "as-proxy-wasm-sdk/sdk";
import { StreamedAnswer, WholeAnswer } from "./answer";
import { Api } from "./apis";
import { errorBody, translatedError } from "./client-dialect";
import { ProxyConfig, Upstream } from "./config";
import { ContextCall, ContextWaiter } from "./context-call";
import { isTooLarge, MAX_BODY_BYTES } from "./limits";
import { Request } from "./request";
import { RequestBody } from "./request-body";
import { editRequest, openBody } from "./request-edit";
import { readHead, writeHead } from "./request-head";

plugin<ProxyConfig>("ai-proxy", ProxyConfig.parse, () => new AiProxy());

class AiProxy extends Stream<ProxyConfig> implements ContextWaiter {
  // All that is known of this exchange; the configuration and its provider are shared with others.
  private upstream: Upstream | null = null;
  private request: Request | null = null;
  private body: RequestBody | null = null;
  private streamed: StreamedAnswer | null = null;
  private isErrorAnswer: bool = false;

  onRequestHead(head: Head, end: bool): Flow {
    const upstream = this.config.upstream;
    if (upstream === null) return this.leaveAlone();
    // Editing headers must not choose the route again.
    setProperty("clear_route_cache", "off");
    const request = readHead(head, upstream);
    this.upstream = upstream;
    this.request = request;
    if (isTooLarge(head)) return this.refuse(413, "request_too_large", `the body has more than ${MAX_BODY_BYTES} bytes`);
    writeHead(head, request, upstream);
    if (end) return Flow.Next;

    head.remove("content-length");
    setProperty("set_decoder_buffer_limit", MAX_BODY_BYTES.toString());
    if (request.readsBody) this.body = openBody(request, upstream);
    else this.ignoreRequestBody();
    return Flow.Hold;
  }

  onRequestBody(body: Body, end: bool): Flow {
    const upstream = this.upstream;
    const request = this.request;
    const edited = this.body;
    if (upstream === null || request === null || edited === null) return Flow.Next;
    if (upstream.refuses(request.api)) return this.fail("request", upstream.provider.unsupportedMessage(request.api));
    edited.advance(body);
    if (!end) return Flow.Hold;
    const context = upstream.contextOf(request);
    if (context === null || context.text !== null) return this.edit(upstream, request, edited);
    const call = new ContextCall(this, context, this);
    if (call.start(request.token, upstream.settings.timeoutMs)) return Flow.Wait;
    return this.refuseContext(`no cluster ${context.cluster}`);
  }

  private edit(upstream: Upstream, request: Request, body: RequestBody): Flow {
    const fault = editRequest(body, request, upstream, this.requestHead);
    if (fault !== null) return this.refuse(fault.status, "proc_req_body_failed", fault.message);
    if (!body.apply()) return this.fail("request", "the host did not take the edited body");
    return Flow.Next;
  }

  contextFetched(error: string): void {
    const upstream = this.upstream;
    const request = this.request;
    const body = this.body;
    if (upstream === null || request === null || body === null) return;
    if (error.length > 0) this.refuseContext(error);
    else if (this.edit(upstream, request, body) == Flow.Next) this.resumeRequest();
  }

  private refuseContext(error: string): Flow {
    const upstream = this.upstream;
    const type = upstream === null ? "" : upstream.settings.type;
    return this.refuse(500, type + ".load_ctx_failed", "failed to load context file: " + error);
  }

  onResponseHead(head: Head, end: bool): Flow {
    const upstream = this.upstream;
    const request = this.request;
    if (upstream === null || request === null || end) return this.leaveAlone();
    // Answers of this gateway are in the client's dialect already.
    if (property("response\0code_details") != "via_upstream") return this.leaveAlone();
    const isSuccess = head.status == 200;
    if (!(isSuccess ? upstream.editsAnswer(request) : request.translates)) return this.leaveAlone();
    if (!this.responseBodyReadable) return this.leaveAlone();
    head.remove("content-length");
    this.isErrorAnswer = !isSuccess;
    if (isSuccess && head.contentType.startsWith("text/event-stream")) {
      this.streamed = new StreamedAnswer(request, upstream);
      return Flow.Next;
    }
    setProperty("set_encoder_buffer_limit", MAX_BODY_BYTES.toString());
    return Flow.Hold;
  }

  onResponseBody(body: Body, end: bool): Flow {
    const upstream = this.upstream;
    const request = this.request;
    if (upstream === null || request === null) return Flow.Next;
    const streamed = this.streamed;
    if (streamed !== null) {
      body.replace(streamed.pass(body.all(), end));
      return Flow.Next;
    }
    if (!end) return Flow.Hold;
    if (this.isErrorAnswer) {
      body.replace(translatedError(request.dialect, this.responseHead.status, body.all()));
      return Flow.Next;
    }
    const answer = new WholeAnswer(request, upstream, body.all());
    if (answer.isUnreadable) return this.fail("response", "the provider's body is no answer");
    if (answer.isError) this.responseHead.set(":status", "500");
    body.replace(answer.body);
    return Flow.Next;
  }

  private leaveAlone(): Flow {
    this.ignoreRequestBody();
    this.ignoreResponseBody();
    return Flow.Next;
  }

  private fail(what: string, message: string): Flow {
    const reason = what == "request" ? "proc_req_body_failed" : "proc_resp_body_failed";
    return this.refuse(500, reason, `failed to process ${what} body: ${message}`);
  }

  /** Tells the client in its own dialect. */
  private refuse(status: i32, reason: string, message: string): Flow {
    const request = this.request;
    if (request === null) return Flow.Next;
    return this.reply(status, "application/json", errorBody(request.dialect, status, message), "ai-proxy." + reason);
  }
}
