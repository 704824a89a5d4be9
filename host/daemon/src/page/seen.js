// Which anomalies this browser has shown to somebody.

const SEEN = "bellwether-seen";
const SEEN_MAX = 2000;

let ids = null;

function load() {
  if (ids) return ids;
  try {
    ids = new Set(JSON.parse(localStorage.getItem(SEEN) ?? "[]"));
  } catch {
    ids = new Set();
  }
  return ids;
}

// Another tab may have seen more.
window.addEventListener("storage", (event) => {
  if (event.key === SEEN) ids = null;
});

/** Whether an anomaly was looked at. */
export function isSeen(id) {
  return load().has(id);
}

/** Remembers that these anomalies were looked at; the oldest are forgotten. */
export function markSeen(some) {
  const seen = load();
  const before = seen.size;
  for (const id of some) seen.add(id);
  if (seen.size === before) return;
  ids = new Set([...seen].slice(-SEEN_MAX));
  localStorage.setItem(SEEN, JSON.stringify([...ids]));
}
