// The list of anomalies, newest first, which follows what happens.

import { bytes, element, reconcile, span, time, visible } from "./draw.js";
import { isSeen, markSeen } from "./seen.js";

const ROWS = 50;
const ROWS_MAX = 200;

/** Draws one anomaly. */
function draw(item, child) {
  const seen = isSeen(item.id);
  child.className = seen ? item.severity : `${item.severity} unseen`;
  const over = item.state === "resolved";
  const until = over ? (item.resolved_ms ?? item.updated_ms) : item.updated_ms;
  const facts = element(
    "p",
    { class: "facts" },
    element("span", { class: "badge" }, item.severity),
    " ",
    element("span", { class: "log", dir: "auto" }, visible(item.source)),
    over ? " · over, began " : " · open since ",
    time(item.opened_ms),
    over ? ` and lasted ${span(until - item.opened_ms)}` : `, ${span(until - item.opened_ms)} so far`,
  );
  if (item.normal) facts.append(` · normal, says ${visible(item.normal.by)}`);
  else if (item.acknowledged) facts.append(` · ${visible(item.acknowledged.by)} looks after it`);
  const link = element(
    "a",
    { href: `#/anomaly/${encodeURIComponent(item.id)}`, class: "log", dir: "auto" },
    visible(item.sentence),
  );
  const head = element("h3", {}, link);
  if (!seen) head.prepend(element("span", { class: "new" }, "new "));
  return [head, facts];
}

function field(label, control) {
  return element("label", {}, `${label} `, control);
}

function filters(parameters, change) {
  const severity = element("select", { name: "severity" });
  for (const [value, label] of [["", "all"], ["warning", "warning and above"], ["critical", "critical"]]) {
    severity.append(new Option(label, value, false, parameters.get("severity") === value));
  }
  const source = element("input", { name: "source", type: "search", maxlength: 1000, list: "source-keys" });
  source.value = parameters.get("source") ?? "";
  const text = element("input", { name: "text", type: "search", maxlength: 200 });
  text.value = parameters.get("text") ?? "";
  const open = element("input", { name: "open", type: "checkbox" });
  open.checked = parameters.get("open") === "1";
  const form = element(
    "form",
    { role: "search", onsubmit: (event) => event.preventDefault() },
    field("Severity", severity),
    field("Source", source),
    field("Text", text),
    element("label", {}, open, " only open"),
    element("datalist", { id: "source-keys" }),
  );
  const read = () => {
    const chosen = new URLSearchParams();
    for (const input of [severity, source, text]) {
      if (input.value.trim()) chosen.set(input.name, input.value.trim());
    }
    if (open.checked) chosen.set("open", "1");
    change(chosen);
  };
  // Some ways of choosing from a list tell of the one, some of the other.
  form.addEventListener("input", read);
  form.addEventListener("change", read);
  return form;
}

/** What is going on while nothing is found. */
async function explainEmpty(page, filtered) {
  if (filtered) return "No anomaly fits the filters.";
  const [tenants, sources] = await Promise.all([
    page.ask("/api/v1/tenants", { tenant: "" }),
    page.ask("/api/v1/sources", { limit: ROWS_MAX }),
  ]);
  const own = tenants.items.find((one) => one.tenant === page.tenant);
  if (!own || own.inputs === 0) {
    return "No file is read yet. Name some under `inputs` in the configuration.";
  }
  const files = `Reading ${own.inputs} ${own.inputs === 1 ? "file" : "files"}`;
  const lag = sources.items.reduce((sum, one) => sum + (one.lag_bytes ?? 0), 0);
  const behind = lag > 1 << 20 ? `, ${bytes(lag)} to go` : "";
  const learning = sources.items.filter((one) => one.warm_up?.missing);
  if (learning.length === 0) {
    return sources.items.length === 0
      ? `${files}${behind}; no line so far.`
      : `${files}${behind}. Nothing unusual so far.`;
  }
  const first = learning.reduce((best, one) =>
    one.warm_up.needed - one.warm_up.windows < best.warm_up.needed - best.warm_up.windows ? one : best,
  );
  return `${files}${behind}; ${first.warm_up.missing} until counts are judged.`;
}

/** The view. */
export function listView(page) {
  const { parameters } = page.place();
  let chosen = parameters;
  let rows = ROWS;
  let newest = null;
  const list = element("ol", { class: "cards" });
  const empty = element("p", { class: "empty", hidden: true });
  const more = element("button", { type: "button", hidden: true }, "Show more");
  const seen = element("button", { type: "button", hidden: true }, "Mark all as seen");
  const change = (next) => {
    if (next.toString() === chosen.toString()) return;
    chosen = next;
    rows = ROWS;
    const query = next.toString();
    history.replaceState(null, "", query ? `#/?${query}` : "#/");
    page.attempt(refresh);
  };
  const form = filters(parameters, change);
  let shown = [];
  let round = 0;

  async function refresh() {
    round += 1;
    const own = round;
    const query = {
      severity: chosen.get("severity"),
      source: chosen.get("source"),
      text: chosen.get("text"),
      state: chosen.get("open") === "1" ? "open" : "",
      limit: rows,
    };
    const answer = await page.ask("/api/v1/anomalies", query);
    const words = answer.items.length ? "" : await explainEmpty(page, chosen.toString() !== "");
    // A later question may have been answered first.
    if (own !== round) return;
    shown = answer.items;
    redraw();
    if (empty.textContent !== words) empty.textContent = words;
    empty.hidden = words === "";
    more.hidden = !answer.next || rows >= ROWS_MAX;
    announce();
  }

  function redraw() {
    // Whether it was seen is part of what is drawn.
    const items = shown.map((item) => ({ ...item, seen: isSeen(item.id) }));
    reconcile(list, items, (item) => item.id, draw);
    const unseen = items.filter((item) => !item.seen).length;
    seen.hidden = unseen === 0;
    document.title = unseen ? `(${unseen}) bellwether` : "bellwether";
  }

  function announce() {
    const first = shown[0]?.opened_ms ?? 0;
    if (newest !== null && first > newest) {
      const count = shown.filter((item) => item.opened_ms > newest).length;
      page.tell(`${count} new ${count === 1 ? "anomaly" : "anomalies"}`);
    }
    newest = Math.max(newest ?? 0, first);
  }

  more.addEventListener("click", () => {
    rows = Math.min(rows + ROWS, ROWS_MAX);
    page.attempt(refresh);
  });
  seen.addEventListener("click", () => {
    markSeen(shown.map((item) => item.id));
    redraw();
  });
  page.attempt(async () => {
    const { items } = await page.ask("/api/v1/sources", { limit: ROWS_MAX });
    const keys = form.querySelector("datalist");
    keys.replaceChildren(...items.map((one) => new Option("", one.source)));
  });
  const heading = element("div", { class: "heading" }, element("h2", {}, "Anomalies"), element("small", {}, "times in UTC"), seen);
  const close = () => {
    document.title = "bellwether";
  };
  return { elements: [heading, form, empty, list, more], refresh, close };
}
