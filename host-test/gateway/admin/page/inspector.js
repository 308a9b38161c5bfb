// The page: exchanges as the gateway tells of them, and the keys.

import { detail } from "./detail.js";
import { ExchangeList } from "./list.js";

/** @typedef {import("../trace-history.ts").TraceSummary} TraceSummary */

const state = byId("state");
const view = byId("detail");
const filter = /** @type {HTMLInputElement} */ (byId("filter"));
const list = new ExchangeList(byId("list"), (summary) => void show(summary));
/** Client addresses of requests that this page sent again: their exchanges are chosen when they appear. */
const replays = new Set();

/** @param {TraceSummary} summary */
async function show(summary) {
  const response = await fetch(`/traces/${summary.id}`);
  // Another was chosen meanwhile.
  if (list.chosen?.id !== summary.id) return;
  if (!response.ok) return say(`exchange ${summary.id} is not kept any more`);
  const actions = {
    replay: () => void replay(),
    save: () => save("json"),
    har: () => save("har"),
  };
  view.replaceChildren(...detail(await response.json(), summary, actions));
  view.scrollTop = 0;
}

async function replay() {
  const { chosen } = list;
  if (!chosen?.canReplay) return;
  const response = await fetch(`/traces/${chosen.id}/replay`, { method: "POST" });
  if (!response.ok) return say(await response.text());
  const { source } = await response.json();
  const known = list.shown.find((summary) => summary.source === source);
  if (known) list.choose(known);
  else replays.add(source);
}

/** @param {"json" | "har"} kind */
function save(kind) {
  const { chosen } = list;
  if (!chosen) return;
  const link = document.createElement("a");
  link.href = kind === "har" ? `/traces/${chosen.id}/har` : `/traces/${chosen.id}`;
  link.download = `trace-${chosen.id}.${kind}`;
  link.click();
}

async function clear() {
  await fetch("/traces", { method: "DELETE" });
  list.clear();
  view.replaceChildren();
  count();
}

function follow() {
  const events = new EventSource("/traces/events");
  events.addEventListener("open", () => {
    say("");
    count();
  });
  events.addEventListener("trace", (event) => {
    /** @type {TraceSummary} */
    const summary = JSON.parse(event.data);
    list.add(summary);
    count();
    if (replays.delete(summary.source)) list.choose(summary);
  });
  events.addEventListener("error", () => say("the gateway cannot be reached, or its engine records nothing"));
}

/** @type {Record<string, () => void>} */
const keys = {
  j: () => list.move(1),
  ArrowDown: () => list.move(1),
  k: () => list.move(-1),
  ArrowUp: () => list.move(-1),
  Enter: () => view.focus(),
  r: () => void replay(),
  e: () => save("json"),
  h: () => save("har"),
  c: () => void clear(),
  "/": () => filter.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target === filter) {
    if (event.key === "Escape" || event.key === "Enter") byId("list").focus();
    return;
  }
  // In the detail, arrows scroll and Enter opens what has the focus.
  const isOwn = view.contains(target) && ["ArrowDown", "ArrowUp", "Enter"].includes(event.key);
  const action = keys[event.key];
  if (isOwn || target.matches("button, a") || !action) return;
  event.preventDefault();
  action();
});

filter.addEventListener("input", () => {
  list.filter(filter.value);
  count();
});
byId("clear").addEventListener("click", () => void clear());
follow();

function count() {
  byId("empty").hidden = list.size > 0;
  say(list.size === 0 ? "" : `${list.shown.length} of ${list.size}`);
}

/** @param {string} text */
function say(text) {
  state.textContent = text;
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
