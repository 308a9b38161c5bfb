// Figures that promises are shown with, from the tests that measure them to docs/robustness.md.

import { appendFileSync } from "node:fs";

/**
 * Says what a test measured for a promise of scripts/promises.mjs, once it holds. `npm run test:long` writes it to
 * docs/robustness.md. `count`: how often it was tried; fewer times do not take the place of more.
 */
export function figure(promise: string, text: string, count = 0): void {
  console.log(`${promise}: ${text}`);
  const file = process.env.FIGURES;
  if (file) appendFileSync(file, `${JSON.stringify({ promise, text, count })}\n`);
}
