// The list of exchanges: newest first, filtered, one of them chosen.

/** @typedef {import("../trace-history.ts").TraceSummary} TraceSummary */

/** As many as the gateway keeps. */
const capacity = 200;

export class ExchangeList {
  /** @type {TraceSummary[]} newest first */
  #all = [];
  #filter = "";
  /** @type {string | undefined} */
  #chosen;
  /** @type {HTMLElement} */
  #element;
  /** @type {(summary: TraceSummary) => void} */
  #onChoice;

  /**
   * @param {HTMLElement} element
   * @param {(summary: TraceSummary) => void} onChoice
   */
  constructor(element, onChoice) {
    this.#element = element;
    this.#onChoice = onChoice;
    element.addEventListener("click", (event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest("li");
      const summary = this.#all.find(({ id }) => id === item?.dataset["id"]);
      if (summary) this.choose(summary);
    });
  }

  get size() {
    return this.#all.length;
  }

  get chosen() {
    return this.#all.find(({ id }) => id === this.#chosen);
  }

  get shown() {
    return this.#all.filter((summary) => matches(summary, this.#filter));
  }

  /** @param {TraceSummary} summary */
  add(summary) {
    if (this.#all.some(({ id }) => id === summary.id)) return;
    this.#all.unshift(summary);
    this.#all.length = Math.min(this.#all.length, capacity);
    this.#show();
  }

  clear() {
    this.#all = [];
    this.#chosen = undefined;
    this.#show();
  }

  /** @param {string} text every word must turn up */
  filter(text) {
    this.#filter = text.toLowerCase();
    this.#show();
  }

  /** @param {number} step 1: older, -1: newer */
  move(step) {
    const { shown } = this;
    const at = shown.findIndex(({ id }) => id === this.#chosen);
    const next = shown[at < 0 ? 0 : Math.min(Math.max(at + step, 0), shown.length - 1)];
    if (next) this.choose(next);
  }

  /** @param {TraceSummary} summary */
  choose(summary) {
    this.#chosen = summary.id;
    this.#show();
    this.#element.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
    this.#onChoice(summary);
  }

  #show() {
    this.#element.replaceChildren(...this.shown.map((summary) => this.#item(summary)));
    if (this.#chosen) this.#element.setAttribute("aria-activedescendant", `exchange-${this.#chosen}`);
    else this.#element.removeAttribute("aria-activedescendant");
  }

  /** @param {TraceSummary} summary */
  #item(summary) {
    const item = document.createElement("li");
    item.id = `exchange-${summary.id}`;
    item.role = "option";
    item.dataset["id"] = summary.id;
    item.ariaSelected = String(summary.id === this.#chosen);
    const status = document.createElement("b");
    status.textContent = summary.status === 0 ? "cut" : String(summary.status);
    status.className = summary.status >= 200 && summary.status < 400 ? "good" : "bad";
    const path = document.createElement("span");
    path.className = "path";
    path.textContent = ` ${summary.method} ${summary.path}`;
    const more = document.createElement("small");
    const time = new Date(summary.startedAt).toLocaleTimeString();
    const changed = summary.changedBy.length > 0 ? ` · changed by ${summary.changedBy.join(", ")}` : "";
    more.textContent = `${time} · ${summary.durationMs.toFixed(1)} ms, plugins ${(summary.pluginMicros / 1000).toFixed(2)} ms · ${summary.route ?? "no route"}${changed}`;
    item.append(status, path, more);
    return item;
  }
}

/**
 * @param {TraceSummary} summary
 * @param {string} filter lower case
 */
function matches({ method, authority, path, status, route, cluster, details, changedBy }, filter) {
  const text = [method, authority, path, status, route, cluster, details, ...changedBy]
    .join(" ")
    .toLowerCase();
  return filter.split(/\s+/).every((word) => text.includes(word));
}
