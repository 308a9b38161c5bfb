// A memory of rules over configuration changes: a rule that does not parse keeps what it had. Lives as long as
// the VM. `plugin(…).ruleMemory = new LastGoodRules()` turns it on.

import { Span } from "../bytes/span";
import { Rule } from "./rule";
import { RuleMemory } from "./rules";

/** Beyond this many rules nothing more is remembered. */
const MAX_RULES = 4096;

export class LastGoodRules extends RuleMemory {
  private texts: Map<string, Span> = new Map<string, Span>();

  keep(owner: string, rule: Rule, text: Span): void {
    const key = keyOf(owner, rule);
    if (this.texts.size < MAX_RULES || this.texts.has(key)) this.texts.set(key, text.copy());
  }

  find(owner: string, rule: Rule): Span | null {
    const key = keyOf(owner, rule);
    return this.texts.has(key) ? this.texts.get(key) : null;
  }
}

/** A rule is known by whose it is and what it matches, not by where it stands. */
function keyOf(owner: string, rule: Rule): string {
  let key = `${owner}|cat:${<i32>rule.category}`;
  key += listed("|routes:", rule.routes);
  key += listed("|services:", rule.services);
  key += listed("|prefixes:", rule.prefixes);
  return key + listed("|hosts:", rule.domains);
}

function listed(name: string, texts: string[]): string {
  return texts.length == 0 ? "" : name + texts.slice(0).sort().join(",");
}
