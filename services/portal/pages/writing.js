// While a request is written: hints once nothing was typed for a while, and a draft is kept by itself.
const HINTS_AFTER = 1_200;
const KEEP_AFTER = 4_000;
const KEEP_AGAIN = 15_000;

const form = document.querySelector("form[data-hints]");
const shown = document.getElementById("hints");
const told = document.getElementById("saving");
const clock = new Intl.DateTimeFormat(document.documentElement.dataset.formats, {
  hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC",
});
let hinting;
let asking;
let keeping;
let typed = 0;
let kept = 0;
let onTheWay;
// Where what somebody else saved is shown, only who sends the page replaces it.
let over = !document.getElementById("both").hidden;

async function hint() {
  asking?.abort();
  asking = new AbortController();
  shown.ariaBusy = "true";
  try {
    const answer = await fetch(form.dataset.hints, {
      method: "POST", body: new URLSearchParams(new FormData(form)), signal: asking.signal, redirect: "error",
    });
    if (answer.ok) shown.innerHTML = await answer.text();
    shown.ariaBusy = null;
  } catch (error) {
    // The hints that are shown stay; those of the whole part come when it is sent.
    if (error.name !== "AbortError") shown.ariaBusy = null;
  }
}

function tell(state, fields = "") {
  const words = told.dataset[state] ?? "";
  told.textContent = words.replace("{time}", () => `${clock.format(new Date())} UTC`).replace("{fields}", () => fields);
}

// What the answer says: the draft's address and version, and the numbers of its lines.
function takeOver(answer) {
  form.elements.etag.value = answer.etag;
  answer.lines.forEach((line, n) => {
    const field = form.elements[`row-${n}-line`];
    if (field) field.value = line;
  });
  if (!form.elements.request) {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "request", value: answer.id });
    form.append(field);
  }
  // A new form alone has no address of its own; every other part stays where it is.
  if (location.pathname === "/requests/new") history.replaceState(null, "", `${answer.edit}/need`);
}

async function keep() {
  const before = typed;
  const body = new URLSearchParams(new FormData(form));
  body.set("go", "keep");
  let answer;
  try {
    const response = await fetch(location.pathname, { method: "POST", body, redirect: "error" });
    const json = response.headers.get("Content-Type")?.startsWith("application/json");
    answer = json ? await response.json() : { state: response.status === 403 ? "signed-out" : "away" };
  } catch {
    answer = { state: "away" };
  }
  if (answer.state === "saved") {
    kept = before;
    takeOver(answer);
    tell("saved");
    // What is likely the same is looked for by what is kept.
    clearTimeout(hinting);
    hint();
  } else if (answer.state === "held") {
    kept = before;
    form.elements.held.value = answer.held;
    tell("held", answer.lacking);
  } else if (answer.state === "stale") {
    const both = document.getElementById("both");
    both.innerHTML = answer.shown;
    both.hidden = false;
    tell("stale");
  } else {
    tell(answer.state === "signed-out" ? "out" : answer.state);
  }
  over ||= answer.state === "stale" || answer.state === "signed-out";
  if (answer.state === "away") plan(KEEP_AGAIN);
  else if (typed > before) plan(KEEP_AFTER);
}

function keepNow() {
  clearTimeout(keeping);
  if (over || onTheWay || typed === kept) return;
  onTheWay = keep().finally(() => (onTheWay = undefined));
}

function plan(after) {
  clearTimeout(keeping);
  keeping = setTimeout(keepNow, after);
}

form?.addEventListener("input", () => {
  typed += 1;
  clearTimeout(hinting);
  hinting = setTimeout(hint, HINTS_AFTER);
  if (told) plan(KEEP_AFTER);
});

if (form && told) {
  addEventListener("online", keepNow);
  document.addEventListener("visibilitychange", () => document.hidden && keepNow());
  // What is sent goes on from what is kept: it waits for that.
  form.addEventListener("submit", (event) => {
    clearTimeout(keeping);
    over = true;
    if (!onTheWay) return;
    event.preventDefault();
    event.stopPropagation();
    const button = event.submitter;
    onTheWay.finally(() => form.requestSubmit(button));
  });
}
