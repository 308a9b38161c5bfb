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

  get isEmpty(): bool {
    return this.prices.size == 0;
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
      table.prices.set(prices[i].name, new Price(input, cached, output));
    }
    return table;
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
        const name = model.toString();
        const key = this.prices.has(name) ? name : "*";
        if (!this.prices.has(key)) return 0;
        const price = this.prices.get(key);
        const cost = (input - cached) * price.input + cached * price.cached + output * price.output;
        return Math.ceil((cost * MONEY_SCALE) / MILLION);
      }
      default:
        return 0;
    }
  }
}
