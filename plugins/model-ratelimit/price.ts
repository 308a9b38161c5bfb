// What tokens cost.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { NativeUnit } from "./demand";

/** Money is counted in billionths, exactly as long as a number has 53 bits. */
export const MONEY_SCALE: f64 = 1e9;
const MILLION: f64 = 1000000;

class Price {
  constructor(
    public input: f64,
    public cached: f64,
    public output: f64,
  ) {}
}

export class PriceTable {
  private prices: Map<string, Price> = new Map<string, Price>();
  /** Names that end in `*`. */
  private beginnings: string[] = [];

  get isEmpty(): bool {
    return this.prices.size == 0;
  }

  /** Every model has a price. */
  get isComplete(): bool {
    return this.prices.has("*");
  }

  static read(reader: ConfigReader): PriceTable {
    const table = new PriceTable();
    const prices = reader.entries("prices");
    for (let i = 0; i < prices.length; i++) {
      const price = prices[i].reader;
      const input = price.number("input");
      const cached = price.number("cached", input);
      const output = price.number("output");
      if (!(input >= 0)) price.expected("input", "a number from 0 on");
      if (!(cached >= 0)) price.expected("cached", "a number from 0 on");
      if (!(output >= 0)) price.expected("output", "a number from 0 on");
      price.warnUnread();
      const name = prices[i].name;
      table.prices.set(name, new Price(input, cached, output));
      if (name.endsWith("*")) table.beginnings.push(name);
    }
    return table;
  }

  /** Of the model's own name, else of the longest beginning of it. */
  private priceOf(model: string): Price | null {
    if (this.prices.has(model)) return this.prices.get(model);
    let found = "";
    for (let i = 0; i < this.beginnings.length; i++) {
      const beginning = this.beginnings[i];
      const fits = model.startsWith(beginning.substring(0, beginning.length - 1));
      if (fits && beginning.length > found.length) found = beginning;
    }
    return this.prices.has(found) ? this.prices.get(found) : null;
  }

  /** What so many tokens count in a unit of tokens or of money; `cached` is a part of `input`. */
  cost(unit: NativeUnit, model: Span, input: f64, cached: f64, output: f64): f64 {
    switch (unit) {
      case NativeUnit.InputTokens:
        return input;
      case NativeUnit.OutputTokens:
        return output;
      case NativeUnit.TotalTokens:
        return input + output;
      case NativeUnit.CachedTokens:
        return cached;
      case NativeUnit.Money: {
        const price = this.priceOf(model.toString());
        if (price === null) return 0;
        const cost = (input - cached) * price.input + cached * price.cached + output * price.output;
        return Math.ceil((cost * MONEY_SCALE) / MILLION);
      }
      default:
        return 0;
    }
  }
}
