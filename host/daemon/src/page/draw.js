// Elements, texts and times. Whatever comes from a log is only ever set as text.

/** An element with attributes, handlers (`onclick`) and children; texts become text nodes. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const INVISIBLE =
  // Controls, and marks that turn the direction of text around, so that a line can look like another one.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Text of a log as it can be shown: what cannot be seen is written out. */
export function visible(text) {
  return text.replace(INVISIBLE, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Text of a log in an element of its own. */
export function logText(name, text) {
  return element(name, { class: "log", dir: "auto" }, visible(text));
}

/** A template with its variables marked. */
export function templateText(text) {
  const made = element("code", { class: "log", dir: "auto" });
  text.split("<*>").forEach((part, index) => {
    if (index > 0) made.append(element("span", { class: "variable", title: "variable" }, "<*>"));
    made.append(visible(part));
  });
  return made;
}

// In UTC, as the sentences of anomalies are; pointing at a time shows the reader's own.
const UTC = { timeZone: "UTC", hourCycle: "h23", hour: "2-digit", minute: "2-digit" };
const CLOCK = new Intl.DateTimeFormat(undefined, UTC);
const DAY = new Intl.DateTimeFormat(undefined, { ...UTC, month: "short", day: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** Hours and minutes; with the day if that is not today. */
export function clock(timeMs) {
  const day = (ms) => Math.floor(ms / 86400000);
  return (day(timeMs) === day(Date.now()) ? CLOCK : DAY).format(new Date(timeMs));
}

/** A moment; pointing at it shows it in full. */
export function time(timeMs) {
  const moment = new Date(timeMs);
  const attributes = { datetime: moment.toISOString(), title: FULL.format(moment) };
  return element("time", attributes, clock(timeMs));
}

/** A span in words that are short enough. */
export function span(spanMs) {
  const minutes = Math.max(0, Math.round(spanMs / 60000));
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 2880) return `${Math.round(minutes / 60)} h`;
  return `${Math.round(minutes / 1440)} days`;
}

/** A number with as many digits as say something. */
export function number(value) {
  if (value !== 0 && Math.abs(value) < 10) return String(Number(value.toPrecision(2)));
  return Math.round(value).toLocaleString();
}

/** Bytes in the unit that fits. */
export function bytes(count) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (count >= 1024 && unit < units.length - 1) {
    count /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? count : count.toFixed(1)} ${units[unit]}`;
}

/**
 * Makes the children of a list fit the items: those that stay are kept where they are, only what changed is drawn, and
 * what the reader looks at does not move.
 */
export function reconcile(list, items, keyOf, draw) {
  const anchor = [...list.children].find((child) => child.getBoundingClientRect().bottom > 0);
  const before = anchor?.getBoundingClientRect().top;
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let place = list.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const child = known.get(key) ?? element("li", { "data-key": key });
    known.delete(key);
    const content = JSON.stringify(item);
    if (child.content !== content) {
      const hadFocus = child.contains(document.activeElement);
      child.content = content;
      child.replaceChildren(...draw(item, child));
      if (hadFocus) child.querySelector("a, button")?.focus({ preventScroll: true });
    }
    if (child === place) place = place.nextElementSibling;
    else list.insertBefore(child, place);
  }
  for (const child of known.values()) child.remove();
  if (anchor?.isConnected && window.scrollY > 0) {
    window.scrollBy(0, anchor.getBoundingClientRect().top - before);
  }
}

/** Draws a part of a view again if what it shows has changed. */
export function refresh(place, shown, draw) {
  const content = JSON.stringify(shown);
  if (place.content === content) return;
  place.content = content;
  place.replaceChildren(...draw());
}
