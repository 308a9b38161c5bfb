// A provider that is spoiled in every way, its clients too, and what has to hold all the same.

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { ClientSees, TestReply } from "../../../host-test/testing/chain.ts";
import { checkAnthropicRequest } from "../../../shared/llm/test/anthropic-rules.ts";
import { checkAnswer } from "./answer-grammar.ts";
import { question } from "./client-requests.ts";
import { calls, everything, type ConfiguredProvider } from "./configured-providers.ts";
import { replyOf, requestOf, type Hostile } from "./hostile-exchanges.ts";
import { proxy } from "./proxy.ts";

const variants = { plain: {}, everything, original: { protocol: "original" } };
const ids = Object.keys(variants) as (keyof typeof variants)[];

/** Sent to the request behind each: it must get exactly this. */
const busy: TestReply = {
  status: 429,
  headers: { "content-type": "application/json" },
  body: '{"error":"busy"}',
};

export class HostileChain {
  readonly counts = { exchanges: 0, refused: 0, translated: 0, streams: 0, errors: 0 };
  readonly #configured: ConfiguredProvider;
  readonly #chain;
  #reply: TestReply = {};

  constructor(configured: ConfiguredProvider) {
    this.#configured = configured;
    this.#chain = proxy(
      {
        providers: ids.map((id) => ({ ...configured.entry, ...variants[id], id })),
        _rules_: ids.map((id) => ({ _match_domain_: [`${id}.test`], activeProviderId: id })),
      },
      { ...calls, upstream: () => this.#reply, logLevel: "critical" },
    );
  }

  close(): void {
    this.#chain.close();
  }

  /** Throws where an answer is none of the client's dialect, or the VM or the exchange fails. */
  check(given: Hostile): void {
    const { counts } = this;
    const { dialect } = given.request.golden;
    const { reply, body, isEncoded } = replyOf(this.#configured.format, given);
    counts.exchanges++;
    this.#reply = reply;
    const { client, upstream, record } = this.#chain.exchange(requestOf(given));
    assert.ok(record, "the exchange ends");
    assert.ok(!record.details.includes("wasm_fail"), record.details);
    if (upstream === undefined) {
      counts.refused++;
      assert.ok(isRefusal(client), client.text);
      checkAnswer(dialect, client);
    } else if (reply.reset !== undefined) {
      assert.ok(client.reset || client.complete, "the client is told of the end");
    } else {
      assert.ok(client.complete, "the answer ends in order");
      const isUntranslated = isEncoded || reply.status === 201 || this.#isNative(given);
      const { isEventByEvent, hasOwnAnswers } = this.#configured;
      if (!isUntranslated) this.#count(client);
      // What passes untranslated passes as it is, but for usage in streams and promoted reasoning.
      const isStream = client.header("content-type") !== "application/json";
      const isEdited = isStream || given.variant === "everything";
      const isAsItWas = isUntranslated && (isEdited || saysTheSame(client.body, body));
      // Of an answer without a body there is nothing to translate.
      const isNothing = body.length === 0 && client.body.length === 0;
      if (!isAsItWas && !isNothing) checkAnswer(dialect, client, isEventByEvent && dialect === "openai");
      if (!isUntranslated && upstream.body.length > 0 && !(hasOwnAnswers && dialect === "openai")) {
        const sent = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(upstream.body));
        if (this.#configured.format === "anthropic" && given.variant === "plain") checkAnthropicRequest(sent);
      }
    }
    this.#reply = busy;
    const next = this.#chain.exchange({ ...question("openai", "whole"), authority: "original.test" });
    assert.equal(next.client.status, 429, "the same VM serves the next");
  }

  /** The provider speaks the client's dialect. */
  #isNative({ variant, request, answer }: Hostile): boolean {
    const { speaks, hasOwnAnswers } = this.#configured;
    const { dialect } = request.golden;
    if (variant === "original" || speaks.includes(dialect)) return true;
    return hasOwnAnswers && dialect === "openai" && answer.status >= 400;
  }

  #count(client: ClientSees): void {
    this.counts.translated++;
    if (client.status >= 400) this.counts.errors++;
    else if (client.header("content-type")!.startsWith("text/event-stream")) this.counts.streams++;
  }
}

/** The same bytes, or the same JSON: one provider's escapes are written as characters. */
function saysTheSame(one: Buffer, other: Buffer): boolean {
  if (one.equals(other)) return true;
  try {
    return isDeepStrictEqual(JSON.parse(one.toString()), JSON.parse(other.toString()));
  } catch {
    return false;
  }
}

/** What the gateway says by itself; plain text where the fault is not the client's. */
function isRefusal(client: ClientSees): boolean {
  return [400, 413].includes(client.status) || client.text.startsWith("failed to ");
}
