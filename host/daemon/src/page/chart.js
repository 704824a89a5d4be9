// A chart of lines over time, as SVG.

import { clock, element, number } from "./draw.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 200;
const LEFT = 48;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 24;
const STEPS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080].map((one) => one * 60000);

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The next number of the kind 1, 2, 5, 10. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= value * 0.999);
}

/** Lines per minute of every step, those without lines as well. */
function rates(chart) {
  const rows = [];
  let at = chart.from_ms;
  for (const point of chart.points) {
    const start = Math.max(point.start_ms, chart.from_ms);
    const end = point.start_ms + point.step_ms;
    if (start > at) rows.push({ start: at, end: start, rate: 0 });
    rows.push({ start, end, rate: (point.count * 60000) / point.step_ms });
    at = end;
  }
  if (at < chart.to_ms) rows.push({ start: at, end: chart.to_ms, rate: 0 });
  return rows;
}

function outline(rows, x, y) {
  const parts = [`M${x(rows[0].start)} ${y(0)}`];
  for (const { start, end, rate } of rows) {
    parts.push(`L${x(start)} ${y(rate)}L${x(end)} ${y(rate)}`);
  }
  parts.push(`L${x(rows[rows.length - 1].end)} ${y(0)}Z`);
  return parts.join("");
}

function draw(chart, width) {
  const rows = rates(chart);
  const from = chart.from_ms;
  const to = Math.max(chart.to_ms, from + 60000);
  const most = Math.max(...rows.map((row) => row.rate), 1);
  const tick = roundUp(most / 3);
  const top = Math.ceil(most / tick) * tick;
  const place = (value) => Math.round(value * 10) / 10;
  const x = (ms) => place(LEFT + ((Math.min(Math.max(ms, from), to) - from) / (to - from)) * (width - LEFT - RIGHT));
  const y = (rate) => place(HEIGHT - BOTTOM - (rate / top) * (HEIGHT - TOP - BOTTOM));
  const svg = shape("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img" });
  const what = chart.counted === "template" ? "Lines of this message" : "Lines of the source";
  svg.append(shape("title", {}, `${what} per minute, at most ${number(most)}`));
  const begin = x(chart.anomaly_from_ms);
  const shade = Math.max(x(chart.anomaly_to_ms) - begin, 2);
  svg.append(shape("rect", { x: begin, y: TOP, width: shade, height: HEIGHT - TOP - BOTTOM, class: "shade" }));
  for (let value = 0; value <= top * 1.001; value += tick) {
    svg.append(shape("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: "grid" }));
    svg.append(shape("text", { x: LEFT - 6, y: y(value) + 4, class: "left" }, number(value)));
  }
  const apart = ((to - from) * 90) / (width - LEFT - RIGHT);
  const step = STEPS_MS.find((one) => one >= apart) ?? STEPS_MS[STEPS_MS.length - 1];
  for (let ms = Math.ceil(from / step) * step; ms <= to; ms += step) {
    svg.append(shape("line", { x1: x(ms), x2: x(ms), y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4, class: "grid" }));
    if (x(ms) > LEFT + 30 && x(ms) < width - 40) {
      svg.append(shape("text", { x: x(ms), y: HEIGHT - 6, class: "below" }, clock(ms)));
    }
  }
  svg.append(shape("path", { d: outline(rows, x, y), class: "lines" }));
  return [svg, element("figcaption", {}, `${what} per minute, times in UTC; the anomaly is shaded.`)];
}

/** A figure that draws its chart as wide as there is room. */
export function chartFigure() {
  const figure = element("figure");
  let shown = null;
  let width = 0;
  const redraw = () => {
    if (shown && width > 0) figure.replaceChildren(...draw(shown, width));
  };
  const observer = new ResizeObserver(([entry]) => {
    const room = Math.max(240, Math.floor(entry.contentRect.width));
    if (room === width) return;
    width = room;
    redraw();
  });
  observer.observe(figure);
  return {
    figure,
    show(chart) {
      if (JSON.stringify(chart) === JSON.stringify(shown)) return;
      shown = chart;
      redraw();
    },
    close: () => observer.disconnect(),
  };
}
