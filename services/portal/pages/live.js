// New and changed records come to an open page by themselves. A page says what it lists
// (data-lists: "kind" or "kind:status") and marks what it shows (data-live="kind:id", data-version).
// A page of some States alone (data-states) counts what is of others, or of none, as little as what it does not list;
// and what is aside of the theme and score that it asks for (data-wanted) neither.
// What is shown is replaced in place; what is new is counted in a bar, for the reader to load.
const POLL = 45_000;
const SETTLE = 3_000;
const TRY_STREAM_AFTER = 10;

const live = document.getElementById("live");
const lists = new Set(live.dataset.lists.split(" "));
const states = live.dataset.states.split(" ").filter(Boolean);
const wanted = live.dataset.wanted;
const counted = new Map();
const seen = new Set();
const waiting = new Set();
const numbers = new Intl.NumberFormat(document.documentElement.lang, { numberingSystem: "latn" });
let since = live.dataset.since;
let source;
let timer;
let polls = 0;
let refreshing;

const shown = (key) => document.querySelectorAll(`[data-live="${CSS.escape(key)}"]`);

function later(version, than) {
  const [epoch, number] = version.split(".").map(Number);
  const [epochBefore, numberBefore] = (than || "0.0").split(".").map(Number);
  return epoch > epochBefore || (epoch === epochBefore && number > numberBefore);
}

function count(kind, id) {
  if (!counted.has(kind)) counted.set(kind, new Set());
  counted.get(kind).add(id);
}

const elsewhere = (change) => change.aside || (states.length && !(change.states || []).some((one) => states.includes(one)));

function take(change) {
  const key = `${change.kind}:${change.id}`;
  if (change.kind === "proposal") {
    for (const id of change.new) if (!elsewhere(change) && lists.has("proposal") && !shown(`proposal:${id}`).length) count("proposal", id);
    return;
  }
  if (seen.has(`${key} ${change.version}`)) return;
  seen.add(`${key} ${change.version}`);
  // How far a request has come follows from its matches.
  if (change.request && shown(`request:${change.request}`).length) waiting.add(`request:${change.request}`);
  const here = shown(key);
  if (!here.length && !elsewhere(change) && (lists.has(change.kind) || lists.has(`${change.kind}:${change.status}`))) count(change.kind, change.id);
  for (const element of here) {
    if (!later(change.version, element.dataset.version)) continue;
    if ("whole" in element.dataset) count("whole", key);
    else waiting.add(key);
  }
}

function tell() {
  const words = [];
  for (const [kind, ids] of counted) {
    const name = live.querySelector(`[data-kind="${kind}"]`)?.textContent;
    if (name) words.push(kind === "whole" || kind === "more" ? name : `${name} (${numbers.format(ids.size)})`);
  }
  if (!words.length) return;
  live.querySelector("[data-counts]").textContent = words.join(" · ");
  live.querySelector("[data-bar]").hidden = false;
}

// The page as it is by now, of which what changed is taken. Other services may hear of a change a
// little later than the portal does.
async function refresh() {
  refreshing = undefined;
  const keys = [...waiting];
  waiting.clear();
  try {
    const answer = await fetch(location.href, { headers: { "X-Unattended": "1" }, redirect: "error" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const key of keys) {
      const after = page.querySelectorAll(`[data-live="${CSS.escape(key)}"]:not([data-whole])`);
      const before = [...shown(key)].filter((element) => !("whole" in element.dataset));
      before.forEach((element, place) => {
        if (!after[place] || element.contains(document.activeElement)) return;
        element.replaceWith(document.importNode(after[place], true));
      });
    }
  } catch {
    // What is shown stays, and the next change asks again.
  }
}

function hear(told) {
  since = told.until;
  told.items.forEach(take);
  if (told.more) count("more", "all");
  tell();
  if (waiting.size && !refreshing) refreshing = setTimeout(refresh, SETTLE);
}

async function poll() {
  try {
    const answer = await fetch(`/changes?since=${since}${wanted}`);
    if (answer.status === 401) return;
    if (answer.ok) hear(await answer.json());
  } catch {
    // The line is down: it is tried again as ever.
  }
  polls += 1;
  timer = setTimeout(polls % TRY_STREAM_AFTER ? poll : follow, POLL * (0.75 + Math.random() / 2));
}

function follow() {
  source = new EventSource(`/changes/stream?since=${since}${wanted}`);
  source.onmessage = (event) => hear(JSON.parse(event.data));
  source.addEventListener("closed", () => source.close());
  source.onerror = () => {
    // It comes back by itself unless it was told not to: then no place is free.
    if (source.readyState === EventSource.CLOSED) timer = setTimeout(poll, POLL * Math.random());
  };
}

function rest() {
  source?.close();
  clearTimeout(timer);
}

// Nobody looks at a page in the background: it asks again once it is looked at.
document.addEventListener("visibilitychange", () => (document.hidden ? rest() : follow()));
addEventListener("pagehide", rest);
if (!document.hidden) follow();
