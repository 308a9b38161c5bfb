// `npm run estimator`: how far the guest's estimate of tokens is off, before and after calibration, in percent.
//
//   npm run estimator            on recorded requests and answers, whose `usage` is the truth
//   npm run estimator texts      on texts in many languages, against public tokenizers (fetched once, some 100 MB)
//   npm run estimator fit        fits the weights anew and writes shared/llm/tokens/weights.ts
//
// Recorded answers lie beside the repository (../shared/data/recordings); recorded exchanges come with two Go modules, for
// which Go is needed. What is not there is left out.

import { bias, grouped, shuffled, summary, table } from "./estimator/errors.mjs";

const [task = "recordings"] = process.argv.slice(2);
if (task === "recordings") await reportRecordings();
else if (task === "texts") await (await import("./estimator/texts.mjs")).reportTexts();
else if (task === "fit") await (await import("./estimator/fit.mjs")).fit();
else {
  console.error("expected no word, texts, or fit");
  process.exitCode = 2;
}

async function reportRecordings() {
  const { answerFacts, recordedAnswers, sorted } = await import("./estimator/recordings.mjs");
  const { modelOf, promptFacts } = await import("./estimator/prompts.mjs");
  const { recordedExchanges } = await import("./estimator/exchanges.mjs");
  const { corrected } = await import("./estimator/guest.mjs");
  const exchanges = recordedExchanges();
  const [fitted, unseen] = [true, false].map((isFitted) =>
    exchanges.filter((exchange) => exchange.isFitted === isFitted),
  );
  const answersOf = (list) =>
    sorted(list.map((exchange) => answerFacts(exchange.recording, modelOf(exchange))));
  console.log(
    "Error of the estimate in percent of what `usage` states: mean / 99th percentile of its size, and bias, where - is too\n" +
      "little. After calibration: each answer corrected by those of its model before it, in no particular order.\n" +
      "`held out`: what tokens around messages, tools and calls cost was not chosen on these.",
  );
  report("Output, recorded answers (held out)", recordedAnswers(), "output");
  report("Output, recorded exchanges (held out)", answersOf(unseen), "output");
  report("Output, recorded exchanges (fitted to)", answersOf(fitted), "output");
  report("Input, recorded exchanges (held out)", sorted(unseen.map(promptFacts)), "input");
  report("Input, recorded exchanges (fitted to)", sorted(fitted.map(promptFacts)), "input");

  function report(title, { answers, left }, side) {
    console.log(`\n## ${title}\n`);
    if (answers.length === 0) return console.log("not there");
    const list = shuffled(answers);
    const after = corrected(list, side);
    const facts = list.map((answer, i) => ({
      ...answer,
      before: answer.estimated / answer.stated - 1,
      after: after[i] / answer.stated - 1,
    }));
    const row = (some) => [
      some.length,
      ...["before", "after"].flatMap((when) => {
        const errors = some.map((answer) => answer[when]);
        return [summary(errors), bias(errors)];
      }),
    ];
    const rows = grouped(facts, ({ family, kind }) => `${family}, ${kind}`).map(([key, some]) => [
      key,
      ...row(some),
    ]);
    console.log(
      table(
        ["family and text", "count", "before", "bias", "after calibration", "bias"],
        [...rows, ["all", ...row(facts)]],
      ),
    );
    const reasons = [...left].map(([reason, count]) => `${count} ${reason}`).join(", ");
    if (reasons !== "")
      console.log(`\nLeft out, because their usage is no truth about what they show: ${reasons}.`);
  }
}
