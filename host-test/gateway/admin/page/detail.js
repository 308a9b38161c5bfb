// One exchange: what came, what each plugin did with it, what went.

import { aroundChanges, difference } from "./difference.js";

/** @typedef {import("../../traces/trace.ts").Trace} Trace */
/** @typedef {import("../../traces/trace.ts").Message} Message */
/** @typedef {import("../../traces/trace.ts").Body} Body */
/** @typedef {import("../../traces/trace.ts").Step} Step */
/** @typedef {import("../trace-history.ts").TraceSummary} TraceSummary */

/**
 * @param {Trace} trace
 * @param {TraceSummary} summary
 * @param {{ replay(): void, save(): void, har(): void }} actions
 * @returns {Node[]}
 */
export function detail(trace, summary, actions) {
  const steps = (/** @type {Step["phase"][]} */ ...phases) =>
    trace.steps.filter(({ phase }) => phases.includes(phase)).map(stepView);
  return [
    element("h2", `${summary.method} ${summary.authority}${summary.path}`),
    facts(trace, summary),
    element(
      "p",
      button("Send again", "r", actions.replay, !summary.canReplay),
      " ",
      button("Save trace", "e", actions.save),
      " ",
      button("Save HAR", "h", actions.har),
    ),
    messageView("Client sent", trace.request),
    ...steps("request", "call"),
    ...(trace.upstreamRequest
      ? [messageView("Upstream got", trace.upstreamRequest)]
      : [note("Nothing went upstream.")]),
    ...(trace.upstreamResponse ? [messageView("Upstream answered", trace.upstreamResponse)] : []),
    ...steps("response"),
    ...(trace.response ? [messageView("Client got", trace.response)] : [note("The client got no answer.")]),
    ...steps("log"),
  ];
}

/**
 * @param {Trace} trace
 * @param {TraceSummary} summary
 */
function facts(trace, summary) {
  const list = document.createElement("dl");
  const inside = `${(summary.pluginMicros / 1000).toFixed(2)} ms inside plugins`;
  for (const [name, value] of [
    [
      "Status",
      `${summary.status || "none"}, ${trace.details}${trace.flags === "-" ? "" : `, ${trace.flags}`}`,
    ],
    ["Route", trace.route ? `${trace.route} → ${trace.cluster}` : "none"],
    ["Upstream", trace.upstreams.join(", ") || "none"],
    ["Time", `${trace.durationMs.toFixed(2)} ms, ${inside}`],
    ["Client", `${trace.source}, ${trace.protocol}, ${trace.startedAt}`],
  ])
    list.append(element("dt", name ?? ""), element("dd", value ?? ""));
  return list;
}

/** @param {Step} step */
function stepView(step) {
  const headerLines = step.headers && {
    before: linesOfHeaders(step.headers.before),
    after: linesOfHeaders(step.headers.after),
  };
  const bodyLines = step.body && {
    before: linesOfBody(step.body.before),
    after: linesOfBody(step.body.after),
  };
  const isChanged = [headerLines, bodyLines].some(
    (pair) => pair && pair.before.join("\n") !== pair.after.join("\n"),
  );
  const what =
    step.phase === "log" ? "end" : step.phase === "call" ? "call-out answered" : `${step.phase} ${step.kind}`;
  const times = step.callbacks > 1 ? `${step.callbacks} callbacks, ` : "";
  const cost = `${times}${step.micros.toFixed(0)} µs, ${step.memoryPages} pages (${(step.memoryPages * 64) / 1024} MiB)`;
  const content = document.createElement("div");
  if (headerLines) content.append(element("h3", "Headers"), changes(headerLines));
  if (bodyLines) content.append(element("h3", "Body"), changes(bodyLines));
  for (const { kind, cluster, status, bytes, durationMs } of step.calls) {
    const answer =
      durationMs === undefined
        ? "no answer"
        : `${kind === "redis" ? "" : `${status}, `}${bytes} bytes after ${durationMs.toFixed(2)} ms`;
    content.append(element("h3", `Call-out: ${kind} ${cluster}`), element("p", answer));
  }
  if (!content.hasChildNodes()) content.append(note("Changed nothing and called nobody."));
  const view = document.createElement("details");
  view.open = isChanged || step.calls.length > 0;
  view.dataset["changed"] = String(isChanged);
  const title = document.createElement("summary");
  title.append(element("b", step.plugin), ` ${what}${isChanged ? ": changed" : ""}`, element("small", cost));
  view.append(title, content);
  return view;
}

/** @param {{ before: string[], after: string[] }} pair */
function changes({ before, after }) {
  const block = document.createElement("pre");
  const all = difference(before, after);
  const isChanged = all.some(({ kind }) => kind !== "same");
  for (const { kind, text } of isChanged ? aroundChanges(all) : all) {
    const sign = kind === "added" ? "+ " : kind === "removed" ? "- " : "  ";
    block.append(element(kind === "added" ? "ins" : kind === "removed" ? "del" : "span", sign + text));
  }
  return block;
}

/**
 * @param {string} title
 * @param {Message} message
 */
function messageView(title, message) {
  const view = document.createElement("details");
  const name = document.createElement("summary");
  name.append(element("b", title), element("small", `${message.body.bytes} bytes of body`));
  const content = document.createElement("div");
  const headers = document.createElement("pre");
  headers.textContent = linesOfHeaders(message.headers).join("\n");
  content.append(element("h3", "Headers"), headers);
  if (message.body.bytes > 0) {
    const body = document.createElement("pre");
    body.textContent = linesOfBody(message.body).join("\n");
    content.append(element("h3", "Body"), body);
  }
  view.append(name, content);
  return view;
}

/** @param {[name: string, value: string][]} headers */
function linesOfHeaders(headers) {
  return headers.map(([name, value]) => `${name}: ${value}`);
}

/** @param {Body} body JSON with one member a line, anything else as it is */
function linesOfBody({ text, base64, bytes, truncated }) {
  const lines = text === undefined ? [`base64: ${base64}`] : pretty(text).split("\n");
  return truncated ? [...lines, `… the first part of ${bytes} bytes`] : lines;
}

/** @param {string} text */
function pretty(text) {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/**
 * @param {string} name
 * @param {...(string | Node)} content
 */
function element(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}

/** @param {string} text */
function note(text) {
  const made = element("p", text);
  made.className = "quiet";
  return made;
}

/**
 * @param {string} text
 * @param {string} key
 * @param {() => void} action
 * @param {boolean} [isDisabled]
 */
function button(text, key, action, isDisabled = false) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.title = `${text} (${key})`;
  made.disabled = isDisabled;
  made.addEventListener("click", action);
  return made;
}
