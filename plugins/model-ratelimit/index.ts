// model-ratelimit: limits of tokens and requests, and quotas of tokens. A request is counted against a claim; a
// ledger, in Redis or in this process, says whether it may pass; the usage that its answer tells is counted at its end.

export * from "as-proxy-wasm-sdk/sdk/exports";
import {
  Body,
  count,
  Flow,
  Head,
  HeaderList,
  plugin,
  setProperty,
  Stream,
  WINDOW,
} from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { familyOf } from "as-proxy-wasm-sdk/llm/token-estimator";
import { UsageReader } from "as-proxy-wasm-sdk/llm/usage-reader";
import { Admission } from "./admission";
import { Claim } from "./claim";
import { RatelimitConfig } from "./config";
import { Decision, DecisionAsker } from "./demand";
import { Forecast, observeError } from "./forecast";
import { Asker, Standing } from "./ledger";
import { MeteredAnswer } from "./metered-answer";
import { announce, refusalOf } from "./native-reply";
import { Policy } from "./policy";
import { QuotaCall } from "./quota-call";
import { Reply } from "./reply";
import { RequestFacts } from "./request-facts";

plugin<RatelimitConfig>("model-ratelimit", RatelimitConfig.parse, () => new ModelRatelimit());

/** An administrator's call has two short parameters. */
const MAX_CALL_BYTES: i32 = 16 << 10;

class ModelRatelimit extends Stream<RatelimitConfig> implements Asker, DecisionAsker {
  /** Of the native form; the other fields are of Higress's. */
  private admission: Admission | null = null;
  private isError: bool = false;
  private claim: Claim | null = null;
  private call: QuotaCall | null = null;
  private standing: Standing | null = null;
  /** What the request does next; a question that is answered at once has changed it on return. */
  private flow: Flow = Flow.Next;
  /** Of Higress's forms with `accounting: reserve`. */
  private facts: RequestFacts | null = null;
  private forecast: Forecast = new Forecast();
  /** Of an admitted request whose answer is counted; `metered` where something was reserved. */
  private usage: UsageReader | null = null;
  private metered: MeteredAnswer | null = null;

  onRequestHead(head: Head, end: bool): Flow {
    const limits = this.config.limits;
    if (limits !== null) {
      setProperty("clear_route_cache", "off");
      const admission = new Admission(limits, this);
      this.admission = admission;
      // Compressed usage cannot be counted.
      if (limits.readsRequest) head.remove("accept-encoding");
      if (limits.readsRequest && !end && this.requestBodyReadable) return Flow.Hold;
      // What cannot be read may hold a call.
      if (limits.readsRequest && !end) admission.facts.tools.miss();
      this.ignoreRequestBody();
      return this.admit(null);
    }
    const policy = this.config.policy;
    if (policy === null) return this.pass();
    // What this plugin edits must not choose the route again.
    setProperty("clear_route_cache", "off");
    const refusal = policy.refusalOf(head);
    if (refusal !== null) return this.answer(refusal);
    this.call = policy.callOf(head);
    const call = this.call;
    if (call !== null) {
      this.ignoreResponseBody();
      return call.readsBody && !end ? Flow.Hold : this.administer(call, Span.empty());
    }
    const claim = policy.claimOf(head);
    if (claim === null) return this.pass();
    this.claim = claim;
    // Compressed usage cannot be counted.
    if (policy.readsAnswer) head.remove("accept-encoding");
    if (policy.reservations !== null) this.facts = new RequestFacts();
    if (policy.reservations !== null && !end && this.requestBodyReadable) return Flow.Hold;
    this.ignoreRequestBody();
    return this.ask(policy, claim, null);
  }

  private ask(policy: Policy, claim: Claim, body: Body | null): Flow {
    const facts = this.facts;
    const reservations = policy.reservations;
    if (facts !== null && reservations !== null) {
      facts.finish(this.requestHead, body);
      this.forecast = reservations.prepare(claim, facts);
    }
    this.flow = Flow.Wait;
    policy.begin(claim, this, this);
    return this.flow;
  }

  onRequestBody(body: Body, end: bool): Flow {
    const admission = this.admission;
    if (admission !== null) {
      admission.facts.advance(body);
      return end ? this.admit(body) : Flow.Hold;
    }
    const facts = this.facts;
    const policy = this.config.policy;
    const claim = this.claim;
    if (facts !== null && policy !== null && claim !== null) {
      facts.advance(body);
      return end ? this.ask(policy, claim, body) : Flow.Hold;
    }
    const call = this.call;
    if (call === null) return Flow.Next;
    const form = body.read(0, MAX_CALL_BYTES + 1);
    if (!end && form.size <= MAX_CALL_BYTES) return Flow.Hold;
    return this.administer(call, form.size > MAX_CALL_BYTES ? Span.empty() : form);
  }

  /** Asks whether all limits allow the request; its body, if it was read, is complete. */
  private admit(body: Body | null): Flow {
    const admission = this.admission;
    if (admission === null) return Flow.Next;
    admission.facts.finish(this.requestHead, body);
    this.flow = Flow.Wait;
    admission.ask(this.requestHead, this);
    return this.flow;
  }

  /** All limits have answered. */
  decided(decision: Decision): void {
    const admission = this.admission;
    if (admission === null) return;
    if (!decision.isAdmitted) {
      this.answer(refusalOf(this.requestHead, admission.facts, admission.demands, decision));
      return;
    }
    this.usage = this.metered = admission.meter();
    this.flow = Flow.Next;
    this.resumeRequest();
  }

  private administer(call: QuotaCall, form: Span): Flow {
    this.flow = Flow.Wait;
    const refusal = call.begin(this.requestHead, form, this, this);
    return refusal !== null ? this.answer(refusal) : this.flow;
  }

  /** The ledger has answered. */
  answered(standing: Standing): void {
    const policy = this.config.policy;
    const call = this.call;
    const claim = this.claim;
    if (policy === null) return;
    this.standing = standing;
    if (call !== null) {
      this.answer(call.reply(standing));
      return;
    }
    if (claim === null) return;
    const refusal = policy.verdict(claim, standing);
    // What Redis may hold without having said so expires.
    if (!standing.isKnown) claim.held = 0;
    count(refusal === null ? "model_ratelimit_admitted" : "model_ratelimit_refused");
    if (refusal === null && claim.held > 0) count("model_ratelimit_reserved");
    if (refusal !== null) {
      policy.refused(this.requestHead);
      this.answer(refusal);
      return;
    }
    const facts = this.facts;
    if (facts !== null) this.usage = this.metered = new MeteredAnswer(familyOf(facts.model));
    else if (policy.readsAnswer) this.usage = new UsageReader();
    this.flow = Flow.Next;
    this.resumeRequest();
  }

  onResponseHead(head: Head, end: bool): Flow {
    const policy = this.config.policy;
    const claim = this.claim;
    const standing = this.standing;
    if (policy !== null && claim !== null && standing !== null && this.flow == Flow.Next) {
      policy.announce(head, claim, standing);
    }
    const admission = this.admission;
    this.isError = head.status >= 400;
    if (admission !== null && admission.limits.showsHeaders && this.flow == Flow.Next) {
      const list = new HeaderList();
      announce(list, admission.demands, -1);
      list.writeTo(head);
    }
    if (this.usage === null) this.ignoreResponseBody();
    return Flow.Next;
  }

  onResponseBody(body: Body, end: bool): Flow {
    const usage = this.usage;
    if (usage === null) return Flow.Next;
    for (let start = 0; ; start += WINDOW) {
      const window = body.window(start);
      usage.feed(window);
      if (window.size < WINDOW) break;
    }
    if (end) this.settle();
    return Flow.Next;
  }

  /** Also where the client has left, or the provider broke off: what is known by then is counted. */
  onDone(): void {
    this.settle();
  }

  private settle(): void {
    const policy = this.config.policy;
    const claim = this.claim;
    const usage = this.usage;
    const admission = this.admission;
    if (admission !== null) {
      if (usage !== null) usage.finish();
      this.usage = null;
      admission.settle(this.metered, this.isError);
      return;
    }
    if (policy === null || claim === null || usage === null) return;
    this.usage = null;
    usage.finish();
    let tokens = usage.statedInput + usage.statedOutput;
    const facts = this.facts;
    const metered = this.metered;
    const reservations = policy.reservations;
    if (facts !== null && metered !== null && reservations !== null) {
      if (usage.isKnown) {
        reservations.learn(facts, usage.usage);
        observeError(<f64>claim.estimate, <f64>tokens);
      } else if (!this.isError) tokens = <i64>(this.forecast.input + metered.metered);
    }
    policy.end(claim, tokens);
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
