// One anomaly: what happened, why it is unusual, and what can be done about it.

import { ask, knownName, name } from "./ask.js";
import { chartFigure } from "./chart.js";
import { element, logText, number, refresh as redraw, span, templateText, time, visible } from "./draw.js";
import { markSeen } from "./seen.js";

const SILENCES = [
  ["Silence 1 h", 60],
  ["Silence 8 h", 480],
  ["Silence 7 d", 10080],
];

/** A table that scrolls in itself where the screen is narrow. */
function table(caption, heads, rows) {
  const row = (cell, cells) => element("tr", {}, ...cells.map((content) => element(cell, {}, content)));
  return element(
    "div",
    { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, row("th", heads)),
      element("tbody", {}, ...rows.map((cells) => row("td", cells))),
    ),
  );
}

function drawHead({ summary }) {
  const over = summary.state === "resolved";
  const until = over ? (summary.resolved_ms ?? summary.updated_ms) : summary.updated_ms;
  const facts = element(
    "p",
    { class: "facts" },
    element("span", { class: "badge" }, summary.severity),
    " ",
    logText("span", summary.source),
    over ? " · over, began " : " · open since ",
    time(summary.opened_ms),
    over ? ` and lasted ${span(until - summary.opened_ms)}` : `, ${span(until - summary.opened_ms)} so far`,
    ` · ${number(summary.before_per_minute)}/min before, ${number(summary.now_per_minute)}/min now`,
    ` · ${number(summary.bits)} bits`,
  );
  return [logText("h2", summary.sentence), facts];
}

function drawMessage({ summary, examples }) {
  const parts = [];
  if (summary.template) {
    parts.push(element("h3", {}, "Message"), element("p", {}, templateText(summary.template)));
  } else {
    parts.push(element("p", {}, "It is about all lines of the source together."));
  }
  if (summary.pattern) parts.push(element("p", {}, "Known pattern: ", logText("code", summary.pattern)));
  if (examples.length) {
    parts.push(element("h3", {}, "Examples"), ...examples.map((one) => logText("pre", one)));
  }
  return parts;
}

function drawEvidence({ summary, evidence, findings }) {
  const parts = [];
  if (evidence.length) {
    const rows = evidence.map((fact) => [logText("span", fact.name), logText("span", fact.value)]);
    parts.push(table("Evidence", ["What", "Value"], rows));
  }
  const rows = findings.map((one) => [
    time(one.end_ms),
    one.detector,
    number(one.bits),
    logText("span", one.summary ?? one.reason),
    one.template ? templateText(one.template) : "the source",
  ]);
  const caption =
    findings.length < summary.findings
      ? `Findings: the first ${findings.length} of ${summary.findings}`
      : `Findings of ${summary.detectors.join(", ")}`;
  if (rows.length) parts.push(table(caption, ["Window", "Detector", "Bits", "Why", "Message"], rows));
  return parts;
}

function drawSaid({ summary, notes, silences }, act) {
  const parts = [];
  const line = (...content) => parts.push(element("li", {}, ...content));
  const small = (label, work) => element("button", { type: "button", class: "small", onclick: work }, label);
  if (summary.acknowledged) {
    const { by, at_ms: at } = summary.acknowledged;
    line(logText("b", by), " looks after it, since ", time(at), ".");
  }
  if (summary.normal) {
    const { by, at_ms: at } = summary.normal;
    line(logText("b", by), " said that it is normal, ", time(at), ". ", small("Take back", act.takeBack));
  }
  for (const one of silences.filter((silence) => silence.active)) {
    const reason = one.reason ? [": ", logText("span", one.reason)] : [];
    line(logText("b", one.by), " silenced it until ", time(one.until_ms), ...reason, ". ", small("End", () => act.end(one.id)));
  }
  for (const note of notes) {
    line(logText("b", note.by), ", ", time(note.at_ms), ": ", logText("span", note.text));
  }
  return parts.length ? [element("ul", { class: "said" }, ...parts)] : [];
}

/** The view. */
export function anomalyView(page, id) {
  const path = `/api/v1/anomalies/${encodeURIComponent(id)}`;
  const [head, said, message, evidence] = ["header", "div", "section", "section"].map((tag) => element(tag));
  const chart = chartFigure();
  const who = element("button", { type: "button", class: "small" });
  const note = element("textarea", { rows: "2", maxlength: "1000", "aria-label": "Note" });
  let shown = null;
  let round = 0;

  function show(view) {
    shown = view;
    const { summary } = view;
    head.className = summary.severity;
    redraw(head, summary, () => drawHead(view));
    redraw(said, [summary, view.notes, view.silences], () => drawSaid(view, act));
    redraw(message, [summary.template, summary.pattern, view.examples], () => drawMessage(view));
    redraw(evidence, [summary, view.evidence, view.findings], () => drawEvidence(view));
    chart.show(view.chart);
    normal.hidden = Boolean(summary.normal);
    work.hidden = false;
    const known = knownName();
    who.textContent = known ? `You are ${known}` : "Say who you are";
  }

  async function refresh() {
    round += 1;
    const own = round;
    const view = await page.ask(path);
    if (own !== round) return;
    show(view);
    markSeen([id]);
  }

  /** Does something in the name of the person, and shows what has become of the anomaly. */
  function doing(action, body, words) {
    return page.attempt(async () => {
      const by = await name();
      if (!by) return;
      // What was asked before tells of the time before.
      round += 1;
      show(await page.ask(`${path}/${action}`, {}, "POST", { by, ...body }));
      page.tell(words);
    });
  }

  const act = {
    takeBack: () =>
      page.attempt(async () => {
        const { source, template_id: template } = shown.summary;
        // Both must be there even if they are empty, which `page.ask` would leave out.
        const query = new URLSearchParams({ tenant: page.tenant, source, template_id: template });
        await ask(`/api/v1/normals?${query}`, "DELETE");
        await refresh();
      }),
    end: (silence) =>
      page.attempt(async () => {
        const by = await name();
        if (!by) return;
        await page.ask(`/api/v1/silences/${silence}`, { by }, "DELETE");
        await refresh();
      }),
  };
  const button = (label, onclick) => element("button", { type: "button", onclick }, label);
  const normal = button("This is normal", () => doing("normal", {}, "Noted as normal"));
  const send = button("Add note", async () => {
    const text = note.value.trim();
    if (text && (await doing("note", { text }, "Note added"))) note.value = "";
  });
  const silences = SILENCES.map(([label, minutes]) => button(label, () => doing("silence", { minutes }, "Silenced")));
  const acknowledge = button("I look after it", () => doing("acknowledge", {}, "Acknowledged"));
  const work = element(
    "div",
    { class: "work", hidden: true },
    element("p", { class: "buttons" }, acknowledge, ...silences, normal),
    element("p", { class: "buttons" }, note, send, who),
  );
  who.addEventListener("click", async () => {
    await name(true);
    if (shown) show(shown);
  });
  const back = element("p", {}, element("a", { href: "#/" }, "← all anomalies"));
  return {
    elements: [back, head, work, said, chart.figure, message, evidence],
    refresh,
    close: chart.close,
  };
}
