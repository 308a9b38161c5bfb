// The estimator of tokens against what recorded answers state that they cost.

import { describe, expect, test } from "vitest";
import { recordingsFolder } from "../../host-test/testing/recordings.ts";
import { recordedAnswers } from "../estimator/recordings.mjs";

describe.skipIf(!recordingsFolder())("recorded answers (skipped without ../shared/data/recordings)", () => {
  const { answers } = recordedAnswers() as {
    answers: { family: string; kind: string; stated: number; estimated: number }[];
  };
  const errorsOf = (list: typeof answers) => list.map(({ estimated, stated }) => estimated / stated - 1);
  const mean = (errors: number[]) => errors.reduce((sum, error) => sum + error, 0) / errors.length;

  test("of all whose usage is the truth the estimate is off by less than a sixth in the mean", () => {
    expect(answers.length).toBeGreaterThan(40);
    expect(mean(errorsOf(answers).map(Math.abs))).toBeLessThan(1 / 6);
  });

  test("the estimate is neither too high nor too low by more than a twentieth in the mean", () => {
    expect(Math.abs(mean(errorsOf(answers)))).toBeLessThan(0.05);
  });

  test("of English texts it is off by less than an eighth", () => {
    const texts = answers.filter(({ kind }) => kind === "English");
    expect(texts.length).toBeGreaterThan(10);
    expect(mean(errorsOf(texts).map(Math.abs))).toBeLessThan(0.125);
  });
});
