// model-ratelimit: limits of tokens and requests, and quotas of tokens. A ledger, in Redis or in this process, says
// whether a request may pass; the usage that its answer tells is counted at its end. The native form (`Admission`) knows
// many rules, Higress's forms (`PolicyExchange`) have one claim each.

export * from "as-proxy-wasm-sdk/sdk/exports";
import {
  Body,
  Flow,
  Head,
  HeaderList,
  LARGE,
  plugin,
  setProperty,
  Stream,
  WINDOW,
} from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { UsageReader } from "as-proxy-wasm-sdk/llm/usage-reader";
import { Admission } from "./admission";
import { RatelimitConfig } from "./config";
import { Decision, DecisionAsker } from "./demand";
import { Asker, Standing } from "./ledger";
import { announce, refusalOf } from "./native-reply";
import { PolicyExchange, VerdictAsker } from "./policy-exchange";
import { QuotaCall } from "./quota-call";
import { Reply } from "./reply";
import { RequestFacts } from "./request-facts";
import { StreamCut } from "./stream-cut";

plugin<RatelimitConfig>("model-ratelimit", RatelimitConfig.parse, () => new ModelRatelimit());

/** An administrator's call has two short parameters. */
const MAX_CALL_BYTES: i32 = 16 << 10;

class ModelRatelimit extends Stream<RatelimitConfig> implements Asker, DecisionAsker, VerdictAsker {
  /** One of these, or none: the request passes. */
  private admission: Admission | null = null;
  private exchange: PolicyExchange | null = null;
  private call: QuotaCall | null = null;
  /** Reads the request's body where its cost is reserved. */
  private facts: RequestFacts | null = null;
  /** What the request does next; a question that is answered at once has changed it on return. */
  private flow: Flow = Flow.Next;
  /** Of an admitted request whose answer is counted. */
  private usage: UsageReader | null = null;
  private isError: bool = false;
  /** Of a stream that may be ended early. */
  private streamCut: StreamCut | null = null;
  /** It stands still while Redis is asked, with so many bytes that have been looked at. */
  private waitsForMore: bool = false;
  private heardBytes: i32 = 0;

  onRequestHead(head: Head, end: bool): Flow {
    // What this plugin edits must not choose the route again.
    if (this.config.isUsed) setProperty("clear_route_cache", "off");
    const limits = this.config.limits;
    const policy = this.config.policy;
    if (limits !== null) {
      const admission = new Admission(limits, this);
      this.admission = admission;
      if (limits.readsRequest) this.facts = admission.facts;
      // What cannot be read may hold a call.
      if (limits.readsRequest && !end && !this.requestBodyReadable) admission.facts.tools.miss();
    } else if (policy !== null) {
      const refusal = policy.refusalOf(head);
      if (refusal !== null) return this.answer(refusal);
      const call = policy.callOf(head);
      this.call = call;
      if (call !== null) {
        this.ignoreResponseBody();
        return call.readsBody && !end ? Flow.Hold : this.administer(call, Span.empty());
      }
      const claim = policy.claimOf(head);
      if (claim === null) return this.pass();
      const exchange = new PolicyExchange(policy, claim, this);
      this.exchange = exchange;
      this.facts = exchange.facts;
    } else return this.pass();
    // Compressed usage cannot be counted.
    if (this.facts !== null || (policy !== null && policy.readsAnswer)) head.remove("accept-encoding");
    if (this.facts !== null && !end && this.requestBodyReadable) return Flow.Hold;
    this.ignoreRequestBody();
    return this.ask(null);
  }

  onRequestBody(body: Body, end: bool): Flow {
    const facts = this.facts;
    if (facts !== null) {
      facts.advance(body);
      return end ? this.ask(body) : Flow.Hold;
    }
    const call = this.call;
    if (call === null) return Flow.Next;
    const form = body.read(0, MAX_CALL_BYTES + 1);
    if (!end && form.size <= MAX_CALL_BYTES) return Flow.Hold;
    return this.administer(call, form.size > MAX_CALL_BYTES ? Span.empty() : form);
  }

  /** Asks whether the request may pass; its body, if it was read, is complete. */
  private ask(body: Body | null): Flow {
    const admission = this.admission;
    const exchange = this.exchange;
    this.flow = Flow.Wait;
    if (admission !== null) {
      // Where no rule looks at the body, nothing asks what stands in it.
      if (this.facts !== null) admission.facts.finish(this.requestHead, body);
      admission.ask(this.requestHead, this);
    } else if (exchange !== null) exchange.ask(this.requestHead, body, this);
    return this.flow;
  }

  /** All limits of the native form have answered. */
  decided(decision: Decision): void {
    const admission = this.admission;
    if (admission === null) return;
    if (decision.isAdmitted) this.admit(admission.meter());
    else this.answer(refusalOf(this.requestHead, admission.facts, admission.demands, decision));
  }

  /** The policy of one of Higress's forms has answered. */
  judged(refusal: Reply | null): void {
    const policy = this.config.policy;
    const exchange = this.exchange;
    if (exchange === null || policy === null) return;
    if (refusal === null) {
      this.admit(exchange.reader());
      return;
    }
    policy.refused(this.requestHead);
    this.answer(refusal);
  }

  private admit(usage: UsageReader | null): void {
    this.usage = usage;
    this.flow = Flow.Next;
    this.resumeRequest();
  }

  private administer(call: QuotaCall, form: Span): Flow {
    this.flow = Flow.Wait;
    const refusal = call.begin(this.requestHead, form, this, this);
    return refusal !== null ? this.answer(refusal) : this.flow;
  }

  /** The ledger has answered an administrator's call. */
  answered(standing: Standing): void {
    const call = this.call;
    if (call !== null) this.answer(call.reply(standing));
  }

  onResponseHead(head: Head, end: bool): Flow {
    this.isError = head.status >= 400;
    if (this.flow == Flow.Next) this.announce(head);
    if (this.usage === null) this.ignoreResponseBody();
    const admission = this.admission;
    const isStream = head.get("content-type").startsWith("text/event-stream");
    if (admission !== null && isStream && !this.isError) this.streamCut = admission.cut();
    return Flow.Next;
  }

  private announce(head: Head): void {
    const admission = this.admission;
    const exchange = this.exchange;
    if (exchange !== null) exchange.announce(head);
    if (admission === null || !admission.limits.showsHeaders) return;
    const list = new HeaderList();
    announce(list, admission.demands, -1);
    list.writeTo(head);
  }

  onResponseBody(body: Body, end: bool): Flow {
    const usage = this.usage;
    if (usage === null) return Flow.Next;
    const cut = this.streamCut;
    if (cut !== null) return this.passUncut(cut, usage, body, end);
    for (let start = 0; ; start += WINDOW) {
      const window = body.window(start);
      usage.feed(window);
      if (window.size < WINDOW) break;
    }
    if (end) this.settle();
    return Flow.Next;
  }

  /** Events until the answer is longer than it may be; what the provider sends from then on is only counted. */
  private passUncut(cut: StreamCut, usage: UsageReader, body: Body, end: bool): Flow {
    if (body.announcedSize >= LARGE) return this.passLarge(cut, usage, body, end);
    const admission = this.admission;
    const chunk = body.all();
    const fresh = chunk.slice(this.heardBytes);
    usage.feed(fresh);
    const ended = cut.endOfEvents(fresh);
    if (cut.isCut) body.clear();
    else if (admission !== null && admission.isTooLong(this)) {
      const end = ended < 0 ? -1 : ended + this.heardBytes;
      const last = cut.cut(chunk, end, admission.inputSoFar, admission.outputSoFar);
      if (last !== null) body.replace(last);
    }
    this.waitsForMore = !end && admission !== null && admission.isAsking;
    this.heardBytes = this.waitsForMore ? chunk.size : 0;
    if (end) this.settle();
    return this.waitsForMore ? Flow.Wait : Flow.Next;
  }

  /** So much at once would take memory several times its size: it is counted through a window, and cut behind it. */
  private passLarge(cut: StreamCut, usage: UsageReader, body: Body, end: bool): Flow {
    for (let start = this.heardBytes; ; start += WINDOW) {
      const window = body.window(start);
      usage.feed(window);
      cut.endOfEvents(window);
      if (window.size < WINDOW) break;
    }
    if (cut.isCut) body.clear();
    this.heardBytes = 0;
    if (end) this.settle();
    return Flow.Next;
  }

  /** Redis has said whether the answer may become longer. */
  extended(): void {
    if (this.isGone || !this.waitsForMore) return;
    this.waitsForMore = false;
    this.resumeResponse();
    if (!this.waitsForMore) this.heardBytes = 0;
  }

  /** Also where the client has left, or the provider broke off: what is known by then is counted. */
  onDone(): void {
    this.settle();
  }

  private settle(): void {
    const admission = this.admission;
    const exchange = this.exchange;
    if (exchange !== null) exchange.settle(this.isError);
    if (admission !== null) admission.settle(this.isError);
    this.usage = null;
  }

  private answer(reply: Reply): Flow {
    this.flow = Flow.Answered;
    return reply.send(this);
  }

  private pass(): Flow {
    this.ignoreRequestBody();
    this.ignoreResponseBody();
    return Flow.Next;
  }
}
