// What clients are told: a refusal in their dialect, and where they stand.

import { Head, HeaderList } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { writeAnthropicError } from "as-proxy-wasm-sdk/llm/anthropic/error";
import { ErrorKind } from "as-proxy-wasm-sdk/llm/error";
import { writeGeminiError } from "as-proxy-wasm-sdk/llm/gemini/error";
import { writeOpenaiError } from "as-proxy-wasm-sdk/llm/openai/error";
import { Decision, Demand, NativeUnit, UNITS } from "./demand";
import { MONEY_SCALE } from "./price";
import { RequestFacts } from "./request-facts";
import { Reply } from "./reply";
import { writeRpcErrors } from "./tool-calls";

/** Of JSON-RPC's range for servers. */
const RPC_LIMITED: i64 = -32029;

export function refusalOf(head: Head, facts: RequestFacts, demands: Demand[], decision: Decision): Reply {
  const index = decision.refusedBy;
  if (<u32>index >= <u32>demands.length) {
    return replyOf(head, facts, 503, "unavailable", "The gateway cannot check its limits now.", 1);
  }
  const demand = demands[index];
  const unit = UNITS[demand.unit];
  // What asks for more than the limit will never pass: there is no time after which to try again.
  const isTooMuch = demand.step.test > demand.measure.capacity;
  const seconds = isTooMuch ? 0 : <i64>Math.ceil(demand.waitMs / 1000);
  const message = isTooMuch
    ? `The request may use more ${unit} than limit ${demand.name} allows at all.`
    : `Limit ${demand.name} of ${unit} is reached. Try again in ${seconds} s.`;
  const reply = replyOf(head, facts, 429, "rejected", message, seconds);
  announce(reply.headers, demands, index);
  return reply;
}

function replyOf(
  head: Head,
  facts: RequestFacts,
  status: i32,
  why: string,
  message: string,
  wait: i64,
): Reply {
  const out = new Buffer(256);
  const kind = status == 429 ? ErrorKind.RateLimit : ErrorKind.Overloaded;
  // Messages are written here, of rules' names, which need no escape.
  const text = Span.text(message);
  const path = head.path;
  if (facts.tools.isRpc) writeRpcErrors(out, facts.tools, RPC_LIMITED, message);
  else if (path.includes("/v1/messages")) writeAnthropicError(out, kind, text);
  else if (path.includes("enerateContent")) writeGeminiError(out, kind, text);
  else
    writeOpenaiError(
      out,
      kind,
      text,
      Span.text(status == 429 ? "rate_limit_exceeded" : "limits_unavailable"),
    );
  const reply = new Reply(status, "model-ratelimit." + why, out.span().toString());
  reply.contentType = "application/json";
  if (wait > 0) reply.headers.add("retry-after", wait.toString());
  return reply;
}

/** The tightest limit of requests and of tokens in OpenAI's words, all of them in IETF's. */
export function announce(headers: HeaderList, demands: Demand[], refusedBy: i32): void {
  let policies = "";
  let states = "";
  for (let i = 0; i < demands.length; i++) {
    const demand = demands[i];
    const isMoney = demand.unit == NativeUnit.Money;
    // These fields have whole numbers only.
    const scale = isMoney ? MONEY_SCALE / 1e6 : 1;
    const quota = <i64>(demand.measure.capacity / scale);
    const left = <i64>(demand.remaining / scale);
    const reset = <i64>Math.ceil(demand.resetMs / 1000);
    const comma = i > 0 ? ", " : "";
    policies += `${comma}"${demand.name}";q=${quota}`;
    if (demand.unit == NativeUnit.ConcurrentRequests) policies += ';qu="concurrent-requests"';
    else policies += `;w=${<i64>(demand.measure.windowMs / 1000)}`;
    if (isMoney) policies += ';qu="millionths"';
    states += `${comma}"${demand.name}";r=${left};t=${reset}`;
  }
  tightest(headers, demands, true, refusedBy);
  tightest(headers, demands, false, refusedBy);
  if (demands.length > 0) headers.add("ratelimit-policy", policies).add("ratelimit", states);
}

function tightest(headers: HeaderList, demands: Demand[], ofRequests: bool, refusedBy: i32): void {
  let found: Demand | null = null;
  for (let i = 0; i < demands.length; i++) {
    const demand = demands[i];
    const unit = demand.unit;
    const isRequests = unit == NativeUnit.Requests || unit == NativeUnit.ToolCalls;
    const isTokens = unit >= NativeUnit.InputTokens && unit <= NativeUnit.CachedTokens;
    if (ofRequests ? !isRequests : !isTokens) continue;
    if (found === null || i == refusedBy || (found !== null && demand.remaining < found.remaining))
      found = demand;
    if (i == refusedBy) break;
  }
  if (found === null) return;
  const kind = ofRequests ? "requests" : "tokens";
  headers.add("x-ratelimit-limit-" + kind, (<i64>found.measure.capacity).toString());
  headers.add("x-ratelimit-remaining-" + kind, (<i64>found.remaining).toString());
  headers.add("x-ratelimit-reset-" + kind, `${<i64>Math.ceil(found.resetMs / 1000)}s`);
}
