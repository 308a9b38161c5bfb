// The estimator of tokens against what recorded answers state that they cost.

import { describe, expect, test } from "vitest";
import { recordingsFolder } from "../../host-test/testing/recordings.ts";
import { recordedAnswers } from "../estimator/recordings.mjs";

describe.skipIf(!recordingsFolder())("recorded answers (skipped without ../shared/data/recordings)", () => {
  const { answers } = recordedAnswers() as {
    answers: { language: string; stated: number; estimated: number }[];
  };
  const meanError = (list: typeof answers) =>
    list.reduce((sum, { estimated, stated }) => sum + Math.abs(estimated / stated - 1), 0) / list.length;

  test("of all whose usage is the truth the estimate is off by less than a fifth in the mean", () => {
    expect(answers.length).toBeGreaterThan(40);
    expect(meanError(answers)).toBeLessThan(0.2);
  });

  test("of texts by less than an eighth", () => {
    expect(meanError(answers.filter(({ language }) => language === "English"))).toBeLessThan(0.125);
  });
});
