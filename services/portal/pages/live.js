// New and changed records come to an open page by themselves. A page says what it lists
// (data-lists: "kind" or "kind:status") and marks what it shows (data-live="kind:id", data-version).
// A page of some States alone (data-states) counts what is of others, or of none, as little as what it does not list;
// and what is aside of the theme, score, request or offer that it asks for (data-wanted) neither. One that lists
// requests by what fits them ("fitting") counts a request once, however many of the reader's offers are new to it.
// What is shown is replaced in place; what is new is counted in a bar, for the reader to load. What a list that says so
// (data-gone) no longer has keeps its place, says that, and can no longer be pressed.
const POLL = 45_000;
const SETTLE = 3_000;
const TRY_STREAM_AFTER = 10;
const FURTHEST = 5;

const live = document.getElementById("live");
const lists = new Set(live.dataset.lists.split(" "));
const states = live.dataset.states.split(" ").filter(Boolean);
const wanted = live.dataset.wanted;
const counted = new Map();
const seen = new Set();
const waiting = new Set();
const numbers = new Intl.NumberFormat(document.documentElement.dataset.formats);
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
  if (seen.has(`${key} ${change.version}`)) return;
  seen.add(`${key} ${change.version}`);
  if (change.kind === "proposal") {
    for (const id of change.new ?? []) {
      if (elsewhere(change) || shown(`match:${id}`).length) continue;
      if (lists.has("proposal")) count("proposal", id);
      if (lists.has("fitting")) count("fitting", change.id);
    }
    // A shortlist that is another may have lost what is shown of it: a proposal's id begins with its request's.
    for (const row of document.querySelectorAll(`[data-live^="match:${CSS.escape(change.id)}."]:not([data-whole])`)) waiting.add(row.dataset.live);
    return;
  }
  // What somebody decides shows where the proposal does, before anything of it takes effect.
  if (change.kind === "decision") {
    for (const at of [key, `match:${change.id}`]) if (shown(at).length) waiting.add(at);
    return;
  }
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

function leave(element) {
  const words = element.closest("[data-gone]")?.dataset.gone;
  if (!words || element.classList.contains("gone")) return;
  element.classList.add("gone");
  for (const one of element.querySelectorAll("button, input")) one.disabled = true;
  for (const one of element.querySelectorAll("textarea")) one.readOnly = true;
  const badge = Object.assign(document.createElement("span"), { className: "badge warn", textContent: words });
  const before = element.querySelector(":scope > :is(.badge, [data-aloud])");
  if (before) before.replaceWith(badge);
  else element.querySelector(":scope > div").append(badge);
  live.querySelector("[data-said]").textContent = `${element.querySelector("a").textContent}: ${words}`;
}

// What somebody is at, has ticked or has written in is not taken out of their hands.
const inHand = (element) =>
  element.contains(document.activeElement) ||
  element.querySelector("input:checked") ||
  [...element.querySelectorAll("textarea")].some((field) => field.value);

// What was read anew, in the place of what is shown; of what is in hand that alone which it has to say of others.
function renew(element, now) {
  const [before, after] = [element, now].map((one) => one.querySelector("[data-aloud]"));
  const words = after?.textContent.trim();
  const isNew = words && !before?.textContent.trim();
  if (!inHand(element)) element.replaceWith(document.importNode(now, true));
  else if (before && after) before.replaceWith(document.importNode(after, true));
  if (isNew) live.querySelector("[data-said]").textContent = [now.querySelector("[data-open]")?.textContent, words].filter(Boolean).join(": ");
}

const nextOf = (page) => page.querySelector("[rel=next]")?.getAttribute("href");

// The page at an address as it is by now; null where there is none.
async function read(address) {
  const answer = await fetch(address, { headers: { "X-Unattended": "1" }, redirect: "error" });
  if (!answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Whether a page of the list that does not have this row goes further than where it was: it has what came after the row
// (`beyond` is what the open page's next one begins with), or is the last one.
function wentPast(page, element, beyond) {
  const section = element.closest("section");
  const head = section?.querySelector("h2[id]");
  const goesOn = head && page.getElementById(head.id)?.closest("section").querySelector("[rel=next], [data-more]");
  if (!goesOn) return true;
  const rows = [...section.querySelectorAll("[data-row]")].map((row) => row.id);
  return [...rows.slice(rows.indexOf(element.id) + 1), beyond].some((id) => id && page.getElementById(id));
}

// What the page no longer has left its list, unless what is new has only moved it to the list's next pages.
async function leaveOrGoOn(page, lost) {
  const leaving = (beyond) => (element) => {
    if (page.getElementById(element.id)) return false;
    if (!wentPast(page, element, beyond)) return true;
    leave(element);
    return false;
  };
  let unknown = lost.filter(leaving());
  if (!unknown.length) return;
  const next = nextOf(document);
  const beyond = next && (await read(next))?.querySelector("[data-row]")?.id;
  unknown = unknown.filter(leaving(beyond));
  for (let pages = 0; unknown.length && nextOf(page) && pages < FURTHEST; pages += 1) {
    page = await read(nextOf(page));
    if (!page || page.querySelector(".missing")) return;
    unknown = unknown.filter(leaving(beyond));
  }
}

function soon() {
  if (waiting.size && !refreshing) refreshing = setTimeout(refresh, SETTLE);
}

// The page as it is by now, of which what changed is taken. Other services may hear of a change a
// little later than the portal does.
async function refresh() {
  refreshing = undefined;
  const keys = [...waiting];
  waiting.clear();
  const changing = keys.flatMap((key) => [...shown(key)]).filter((element) => !("whole" in element.dataset));
  for (const element of changing) element.ariaBusy = "true";
  try {
    const page = await read(location.href);
    if (!page) return;
    const lost = [];
    for (const key of keys) {
      const after = page.querySelectorAll(`[data-live="${CSS.escape(key)}"]:not([data-whole])`);
      const before = [...shown(key)].filter((element) => !("whole" in element.dataset));
      before.forEach((element, place) => {
        const now = element.id ? page.getElementById(element.id) : after[place];
        if (!now && element.closest("[data-gone]")) lost.push(element);
        if (now) renew(element, now);
      });
    }
    // Of a service that is away nobody can tell what is gone.
    if (!page.querySelector(".missing")) await leaveOrGoOn(page, lost);
  } catch {
    // What is shown stays, and the next change asks again.
  } finally {
    for (const element of changing) element.ariaBusy = null;
  }
}

function hear(told) {
  since = told.until;
  told.items.forEach(take);
  if (told.more) count("more", "all");
  tell();
  soon();
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

// What is shown may be due to change without anybody's doing: review.js counts the time.
document.addEventListener("due", (event) => {
  const element = event.target.closest("[data-live]");
  if (element) waiting.add(element.dataset.live);
  soon();
});

// Nobody looks at a page in the background: it asks again once it is looked at.
document.addEventListener("visibilitychange", () => (document.hidden ? rest() : follow()));
addEventListener("pagehide", rest);
if (!document.hidden) follow();
