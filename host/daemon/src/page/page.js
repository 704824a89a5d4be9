// Which view is shown, and what is shown above all views: trouble, health, the tenant.

import { anomalyView } from "./anomaly.js";
import { address, ask } from "./ask.js";
import { visible } from "./draw.js";
import { listView } from "./list.js";
import { sourcesView } from "./sources.js";

const REFRESH_MS = 2000;
const HEALTH_MS = 10000;
const TENANT = "bellwether-tenant";

const view = document.getElementById("view");
const trouble = document.getElementById("trouble");
const health = document.getElementById("health");
const tenants = document.getElementById("tenants");

/** What views may use of the page. */
const page = {
  tenant: null,
  /** The place in the address behind `#`: path and parameters. */
  place() {
    const [path, query] = (location.hash.slice(1) || "/").split("?", 2);
    return { path, parameters: new URLSearchParams(query ?? "") };
  },
  /** Asks the API about the tenant that is shown. */
  ask(path, parameters = {}, method = "GET", body = undefined) {
    return ask(address(path, { tenant: page.tenant, ...parameters }), method, body);
  },
  /** Says something to those who do not see the page. */
  tell(text) {
    document.getElementById("news").textContent = text;
  },
  /** Shows trouble, or that there is none any more. */
  complain(text) {
    trouble.hidden = !text;
    if (trouble.textContent !== text) trouble.textContent = text;
  },
  /** Does something that may fail, and shows if it does. */
  async attempt(work) {
    try {
      await work();
      page.complain("");
      return true;
    } catch (error) {
      page.complain(visible(error.message));
      return false;
    }
  },
};

let current = null;
let timer = 0;

function choose() {
  const { path } = page.place();
  if (path.startsWith("/anomaly/")) {
    return { name: "anomaly", key: path, make: () => anomalyView(page, decodeURIComponent(path.slice(9))) };
  }
  if (path === "/sources") return { name: "sources", key: path, make: () => sourcesView(page) };
  return { name: "list", key: "/", make: () => listView(page) };
}

function open() {
  const wanted = choose();
  const named = page.place().parameters.get("tenant");
  if (named && named !== page.tenant) {
    page.tenant = named;
    current = null;
  }
  if (current?.key === wanted.key) return;
  const isFirst = current === null;
  current?.view.close?.();
  current = { key: wanted.key, view: wanted.make() };
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === wanted.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  view.replaceChildren(...current.view.elements);
  window.scrollTo(0, 0);
  if (!isFirst) view.focus({ preventScroll: true });
  run();
}

/** Refreshes the view, and again after a while; a page that nobody sees asks nothing. */
async function run() {
  clearTimeout(timer);
  const shown = current;
  if (!document.hidden) {
    await page.attempt(async () => {
      if (page.tenant === null) await learnTenants();
      await shown.view.refresh();
    });
  }
  // Another view may have begun its own rounds meanwhile.
  if (shown !== current) return;
  clearTimeout(timer);
  timer = setTimeout(run, REFRESH_MS);
}

async function learnTenants() {
  const { items } = await ask("/api/v1/tenants");
  const names = items.map((one) => one.tenant);
  const last = sessionStorage.getItem(TENANT);
  page.tenant = names.includes(last) ? last : names.includes("default") ? "default" : (names[0] ?? "");
  const select = tenants.querySelector("select");
  select.replaceChildren(...names.map((one) => new Option(one, one, false, one === page.tenant)));
  tenants.hidden = names.length < 2;
}

tenants.querySelector("select").addEventListener("change", (event) => {
  page.tenant = event.target.value;
  sessionStorage.setItem(TENANT, page.tenant);
  location.hash = "#/";
  current = null;
  open();
});

async function watchHealth() {
  if (!document.hidden) {
    try {
      const { status, parts } = await ask("/health");
      const wrong = Object.values(parts).flatMap((part) => part.details ?? []);
      health.hidden = status === "ok";
      health.className = status;
      health.textContent =
        status === "ok" ? "" : `bellwether is ${status}${wrong.length ? ": " : ""}${visible(wrong.join("; "))}`;
    } catch {
      // The view's own requests tell that nobody answers.
    }
  }
  setTimeout(watchHealth, HEALTH_MS);
}

window.addEventListener("hashchange", open);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) run();
});
open();
watchHealth();
