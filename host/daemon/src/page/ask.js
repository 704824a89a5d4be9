// Asks the API, and people where the API needs to know something.

const TOKEN = "bellwether-token";
const NAME = "bellwether-name";

/** What went wrong, in words that can be shown. */
export class Trouble extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let asking = null;

/** Asks a person for one line; null if they will not say. */
function question(label, secret) {
  const dialog = document.getElementById("question");
  const input = document.getElementById("question-answer");
  document.getElementById("question-label").textContent = label;
  input.type = secret ? "password" : "text";
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  input.focus();
  return new Promise((resolve) => {
    const submit = (event) => {
      event.preventDefault();
      dialog.close(event.submitter ? event.submitter.value : "ok");
    };
    const form = dialog.querySelector("form");
    const cancel = form.querySelector("button[value='']");
    const close = () => dialog.close("");
    form.addEventListener("submit", submit);
    cancel.addEventListener("click", close);
    dialog.addEventListener(
      "close",
      () => {
        form.removeEventListener("submit", submit);
        cancel.removeEventListener("click", close);
        const answer = input.value.trim();
        input.value = "";
        resolve(dialog.returnValue === "ok" && answer ? answer : null);
      },
      { once: true },
    );
  });
}

/** Asks only once at a time, however many requests wait for the answer. */
function askOnce(label, secret) {
  asking ??= question(label, secret).finally(() => {
    asking = null;
  });
  return asking;
}

/** The name under which this person acts; asked for once. */
export async function name(again) {
  const known = localStorage.getItem(NAME);
  if (known && !again) return known;
  const given = await askOnce("Your name, for those who see what you did", false);
  if (given) localStorage.setItem(NAME, given);
  return given ?? known;
}

/** The name so far, if it was given. */
export function knownName() {
  return localStorage.getItem(NAME);
}

async function send(path, method, body) {
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  const options = { method, headers, cache: "no-store" };
  if (body !== undefined) options.body = JSON.stringify(body);
  options.signal = AbortSignal.timeout(40000);
  try {
    return await fetch(path, options);
  } catch {
    throw new Trouble(0, "bellwether does not answer; is it running?");
  }
}

/** Sends a request and gives the answer's JSON; asks for the token if that is what is missing. */
export async function ask(path, method = "GET", body = undefined) {
  for (;;) {
    const sent = sessionStorage.getItem(TOKEN);
    const response = await send(path, method, body);
    if (response.status === 401) {
      // Another request may have been given the token meanwhile.
      if (sessionStorage.getItem(TOKEN) !== sent) continue;
      const label = sent ? "That is not the token. The token of bellwether" : "The token of bellwether";
      const token = await askOnce(label, true);
      if (!token) throw new Trouble(401, "bellwether wants a token; reload the page to give it");
      sessionStorage.setItem(TOKEN, token);
      continue;
    }
    if (response.status === 204) return null;
    const answer = await response.json().catch(() => null);
    // The state of health is an answer, whatever it is.
    if (response.ok || (answer && answer.parts)) return answer;
    throw new Trouble(response.status, answer?.detail ?? `bellwether answered ${response.status}`);
  }
}

/** A path with parameters; those that are empty are left out. */
export function address(path, parameters) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== "" && value !== null && value !== undefined) query.set(key, value);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
