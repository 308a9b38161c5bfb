// The estimator on texts that its weights were not fitted to, beside what public tokenizers count.

import { corpus, isFitted } from "./corpus.mjs";
import { bias, grouped, shuffled, summary, table } from "./errors.mjs";
import { corrected, estimateTokens } from "./guest.mjs";
import { families } from "./guest-layout.mjs";
import { tokenizers } from "./tokenizers.mjs";

export async function reportTexts() {
  const count = await tokenizers();
  const texts = shuffled(corpus().filter((_, i) => !isFitted(i))).map(({ kind, text }) => ({
    kind,
    bytes: Buffer.byteLength(text),
    estimated: families.map((_, family) => estimateTokens(text, family)),
    stated: families.map((_, family) => count[family](text)),
  }));
  console.log(
    "Held-out pieces of texts: error in percent of what public tokenizers count, mean / 99th percentile,",
  );
  console.log("before calibration and after it (→): each piece corrected by those of its kind before it.\n");
  const row = (list, after) => [
    list.length,
    ...families.map((_, family) => `${summary(errors(list, family))} → ${summary(after(list, family))}`),
    summary(list.map(({ bytes, stated }) => bytes / 4 / stated[0] - 1)),
  ];
  const kinds = grouped(texts, ({ kind }) => kind);
  const eachKind = (_, family) => kinds.flatMap(([, list]) => errorsAfter(list, family));
  console.log(
    table(
      ["text", "pieces", ...families, "bytes / 4"],
      [
        ...kinds.map(([kind, list]) => [kind, ...row(list, errorsAfter)]),
        ["all, by kind", ...row(texts, eachKind)],
        ["all, mixed", ...row(texts, errorsAfter)],
        ["bias", texts.length, ...families.map((_, family) => bias(errors(texts, family))), ""],
      ],
    ),
  );
}

function errors(list, family) {
  return list.map(({ estimated, stated }) => estimated[family] / stated[family] - 1);
}

function errorsAfter(list, family) {
  const answers = list.map(({ estimated, stated }) => ({
    model: "model",
    estimated: estimated[family],
    stated: stated[family],
  }));
  return corrected(answers, "input").map((tokens, i) => tokens / answers[i].stated - 1);
}
