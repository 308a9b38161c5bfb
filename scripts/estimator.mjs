// `npm run estimator`: how far the guest's estimate of tokens is off, in percent, mean / 99th percentile.
//
//   npm run estimator            on the recorded answers, whose `usage` is the truth, before and after calibration
//   npm run estimator texts      on texts in many languages, against public tokenizers (fetched once, some 100 MB)
//   npm run estimator fit        fits the weights anew and writes shared/llm/tokens/weights.ts
//
// The recordings lie beside the repository (../shared/data/recordings); without them nothing is printed of them.

import { grouped, summary, table } from "./estimator/errors.mjs";

const [task = "recordings"] = process.argv.slice(2);
if (task === "recordings") await reportRecordings();
else if (task === "texts") await (await import("./estimator/texts.mjs")).reportTexts();
else if (task === "fit") await (await import("./estimator/fit.mjs")).fit();
else {
  console.error("expected no word, texts, or fit");
  process.exitCode = 2;
}

async function reportRecordings() {
  const { recordedAnswers } = await import("./estimator/recordings.mjs");
  const { answers, left } = recordedAnswers();
  if (answers.length === 0) {
    console.log("no recordings: ../shared/data/recordings is not there");
    return;
  }
  const before = ({ estimated, stated }) => estimated / stated - 1;
  const after = ({ calibrated, stated }) => calibrated / stated - 1;
  const row = (list) => [list.length, summary(list.map(before)), summary(list.map(after))];
  const groups = grouped(answers, ({ family, language }) => `${family}, ${language}`);
  console.log(
    "Error of the estimate in percent, mean / 99th percentile, of output tokens as stated in `usage`.\n",
  );
  console.log(
    table(
      ["family and text", "answers", "before", "after calibration"],
      [...groups.map(([key, list]) => [key, ...row(list)]), ["all", ...row(answers)]],
    ),
  );
  const reasons = [...left].map(([reason, count]) => `${count} ${reason}`).join(", ");
  console.log(`\nLeft out, because their usage is no truth about what they show: ${reasons}.`);
}
