// Requests with their answers, as tests of two Go programs have recorded them from providers: their `usage` is the truth
// about input and output. They come as Go modules, by Go's own client, and are read where that keeps them; nothing of them
// is part of this project.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { answerOf, streamOf } from "../../host-test/testing/recordings.ts";
import { root } from "../compile.mjs";

const sources = [
  {
    isFitted: true,
    module: "charm.land/fantasy@v0.46.0",
    folder: "providertests/testdata",
    ending: ".yaml",
    read: cassette,
  },
  {
    isFitted: false,
    module: "github.com/tmc/langchaingo@v0.1.14",
    folder: "llms",
    ending: ".httprr",
    read: trace,
  },
];

/**
 * `{name, url, request, recording, isFitted}` of each that was answered with 200 and can be read; none without Go.
 * `recording` is as of host-test/testing/recordings.ts; `isFitted`: frames in shared/llm/tokens were chosen on these.
 */
export function recordedExchanges() {
  return sources.flatMap(({ isFitted, module, folder, ending, read }) => {
    const unpacked = moduleFolder(module);
    if (unpacked === undefined) return [];
    const top = join(unpacked, folder);
    return readdirSync(top, { recursive: true })
      .filter((name) => name.endsWith(ending))
      .toSorted()
      .flatMap((name) => read(name, readFileSync(join(top, name))))
      .map((exchange) => ({ ...exchange, isFitted }));
  });
}

/** Where Go keeps the module, or where its archive was unpacked: Go itself unpacks none that wants a newer Go. */
function moduleFolder(module) {
  const command = spawnSync("go", ["mod", "download", "-json", module], { cwd: "/", encoding: "utf8" });
  if (command.error || command.stdout === "") return undefined;
  const { Dir, Zip } = JSON.parse(command.stdout);
  if (Dir || !Zip) return Dir;
  const folder = join(root, ".cache", "estimator-exchanges");
  if (!existsSync(join(folder, module))) {
    mkdirSync(folder, { recursive: true });
    execFileSync("python3", ["-m", "zipfile", "-e", Zip, folder]);
  }
  return join(folder, module);
}

/** YAML of go-vcr. */
function cassette(name, bytes) {
  return parse(bytes.toString()).interactions.flatMap(({ request, response }, i) =>
    response.code === 200 && typeof request.body === "string" && typeof response.body === "string"
      ? exchange(`${name}#${i}`, request.url, request.body, response.body)
      : [],
  );
}

/** Behind a first line, of each exchange the sizes of request and answer, and both as HTTP. */
function trace(name, bytes) {
  const found = [];
  let at = bytes.indexOf("\n") + 1;
  for (let end = bytes.indexOf("\n", at); end > at; end = bytes.indexOf("\n", at)) {
    const [asked, answered] = bytes.subarray(at, end).toString().split(" ").map(Number);
    const request = bytes.subarray(end + 1, end + 1 + asked);
    const answer = bytes.subarray(end + 1 + asked, end + 1 + asked + answered);
    at = end + 1 + asked + answered;
    const url = /^[A-Z]+ (\S+)/.exec(request.toString())?.[1] ?? "";
    const isGood = /^HTTP\/\S+ 200/.test(answer.toString());
    if (isGood) found.push(...exchange(`${name}#${found.length}`, url, bodyOf(request), bodyOf(answer)));
  }
  return found;
}

function bodyOf(message) {
  return message.subarray(message.indexOf("\r\n\r\n") + 4).toString();
}

function exchange(name, url, request, answer) {
  const provider = new URL(url).hostname;
  try {
    JSON.parse(request);
    const events = answer
      .split(/\r?\n/)
      .filter((line) => line.startsWith("data: {") || line.startsWith("data:{"))
      .map((line) => line.slice(line.indexOf("{")));
    const recording =
      events.length > 0
        ? streamOf(name, name, provider, events)
        : answerOf(name, provider, Buffer.from(answer));
    return recording.expected?.usage ? [{ name, url, request, recording }] : [];
  } catch {
    return [];
  }
}
