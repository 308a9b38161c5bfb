// ai-proxy: one API for every model provider. The request finds its provider, path, credential and model here;
// the answer comes back in the client's dialect.

export * from "as-proxy-wasm-sdk/sdk/exports";
import { Body, Flow, Head, log, plugin, property, setProperty, Stream } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { StreamedAnswer, WholeAnswer } from "./answer";
import { apiName } from "./apis";
import { errorBody, translatedError } from "./client-dialect";
import { ProxyConfig, Upstream } from "./config";
import { ContextCall, ContextWaiter } from "./context-call";
import { Fault } from "./fault";
import { MAX_BODY_BYTES, TOO_LARGE } from "./limits";
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
  private isRetold: bool = false;

  onRequestHead(head: Head, end: bool): Flow {
    const upstream = this.config.upstream;
    if (upstream === null) return this.leaveAlone();
    // Editing headers must not choose the route again.
    setProperty("clear_route_cache", "off");
    const request = readHead(head, upstream);
    this.upstream = upstream;
    this.request = request;
    if (request.announcedLength > MAX_BODY_BYTES) return this.refuse(413, "request_too_large", TOO_LARGE);
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
    if (upstream.refuses(request.api)) {
      return this.refuseBody(Fault.gateway(upstream.provider.unsupportedMessage(request.api)));
    }
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
    if (fault !== null) return this.refuseBody(fault);
    const refusal = body.apply();
    return refusal === null ? Flow.Next : this.refuseBody(refusal);
  }

  private refuseBody(fault: Fault): Flow {
    return this.refuse(fault.status, "proc_req_body_failed", fault.message);
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
    const details = property("response\0code_details");
    if (details == "request_payload_too_large") return this.retell(head);
    // Other answers of the gateway pass as they are: this plugin's are in the client's dialect already.
    if (details != "via_upstream") return this.leaveAlone();
    const isSuccess = head.status == 200;
    const isStream = isSuccess && head.contentType.startsWith("text/event-stream");
    if (!(isSuccess ? upstream.editsAnswer(request, isStream) : request.translates)) return this.leaveAlone();
    if (!this.responseBodyReadable) return this.leaveAlone();
    head.remove("content-length");
    this.isErrorAnswer = !isSuccess;
    if (isStream) {
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
    if (this.isRetold) {
      body.replace(errorBody(request.dialect, 413, TOO_LARGE));
      return Flow.Next;
    }
    if (this.isErrorAnswer) {
      body.replace(translatedError(request.dialect, this.responseHead.status, body.all()));
      return Flow.Next;
    }
    const answer = new WholeAnswer(request, upstream, body.all());
    if (answer.failure.length > 0) return this.refuse(500, answer.failure, answer.failureText);
    if (answer.isError) this.responseHead.set(":status", "500");
    body.replace(answer.body);
    return Flow.Next;
  }

  /** The host's own refusal of a body that grew beyond the limit, in the client's dialect. */
  private retell(head: Head): Flow {
    this.isRetold = true;
    head.remove("content-length");
    head.set("content-type", "application/json");
    return Flow.Hold;
  }

  private leaveAlone(): Flow {
    this.ignoreRequestBody();
    this.ignoreResponseBody();
    return Flow.Next;
  }

  /**
   * Tells the client in its own dialect what is wrong with its request; what the gateway could not do, in Go's
   * plain words (docs/decisions: broken request bodies). The host drops what it holds after a reply.
   */
  private refuse(status: i32, reason: string, message: string): Flow {
    const request = this.request;
    if (request === null) return Flow.Next;
    const line = `${apiName(request.api)} refused with ${status}: ${message}`;
    const details = "ai-proxy." + reason;
    if (status >= 500) {
      log.error(line);
      this.reply(status, "text/plain", Span.text(message), details);
    } else {
      log.warn(line);
      this.reply(status, "application/json", errorBody(request.dialect, status, message), details);
    }
    // Continue, as the Go plugin answers: after a reply the host goes no further, whatever it is told.
    return Flow.Next;
  }
}
