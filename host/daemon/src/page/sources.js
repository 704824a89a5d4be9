// The sources: what is read, how far each is from being judged, and whether it can be judged at all.

import { bytes, element, number, reconcile, time, visible } from "./draw.js";

const ROWS = 50;
const ROWS_MAX = 200;

const VERDICTS = {
  learning: "is being learnt",
  ok: "is judged",
  unsuitable: "is unsuitable",
  idle: "was not read since the start",
};

function warmUp(source) {
  if (!source.warm_up?.missing) return null;
  const bar = element("progress", { max: "100", value: String(source.warm_up.percent) });
  return element("p", { class: "verdict" }, element("label", {}, bar, ` ${source.warm_up.missing} until its counts are judged`));
}

function draw(source, child) {
  child.className = source.verdict;
  const votes = source.form_votes;
  const share = votes?.all ? ` (${Math.round((100 * votes.own) / votes.all)} % of lines)` : "";
  const verdict = VERDICTS[source.verdict] + (source.reason ? `: ${source.reason}` : "");
  const fact = (label, value) => element("div", {}, element("dt", {}, label), element("dd", {}, value));
  const query = new URLSearchParams({ source: source.source });
  return [
    element("h3", {}, element("a", { href: `#/?${query}`, class: "log", dir: "auto" }, visible(source.source))),
    element("p", { class: "verdict" }, verdict),
    warmUp(source),
    element(
      "dl",
      {},
      fact("Form", `${visible(source.form)}${share}`),
      fact("Lines", `${number(source.lines)}, ${number(source.lines_per_s)}/s`),
      source.lag_bytes === null ? null : fact("To be read", bytes(source.lag_bytes)),
      fact("Templates", number(source.templates)),
      fact("Last line", source.last_ms > 0 ? time(source.last_ms) : "none"),
    ),
  ].filter((part) => part !== null);
}

/** The view. */
export function sourcesView(page) {
  const list = element("ol", { class: "cards" });
  const empty = element("p", { class: "empty", hidden: true }, "No line was read so far.");
  const more = element("button", { type: "button", hidden: true }, "Show more");
  let rows = ROWS;

  async function refresh() {
    const answer = await page.ask("/api/v1/sources", { limit: rows });
    reconcile(list, answer.items, (item) => item.source, draw);
    empty.hidden = answer.items.length > 0;
    more.hidden = !answer.next || rows >= ROWS_MAX;
  }

  more.addEventListener("click", () => {
    rows = Math.min(rows + ROWS, ROWS_MAX);
    page.attempt(refresh);
  });
  return { elements: [element("h2", {}, "Sources"), empty, list, more], refresh };
}
