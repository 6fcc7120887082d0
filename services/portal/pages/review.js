// Keys of the queue: j and k move, e endorses, r rejects, d opens, x chooses, ? shows the sheet.
// Each does what a link or button of the row does; without this module those are used. On keyboards of other scripts
// it is the keys that stand where a Latin one has these letters.

const rows = () => [...document.querySelectorAll("[data-row]")];
const sheet = document.querySelector("#keys");
const stored = "entraide-keys";
let at = -1;

function moveTo(index) {
  const all = rows();
  if (!all.length) return;
  all[at]?.classList.remove("here");
  at = Math.max(0, Math.min(all.length - 1, index));
  all[at].classList.add("here");
  all[at].querySelector("[data-open]").focus();
}

function press(selector) {
  rows()[at]?.querySelector(selector)?.click();
}

// Away from a reason that is not to be written after all; what was typed of it stays.
function leave(details) {
  details.open = false;
  moveTo(rows().indexOf(details.closest("[data-row]")));
}

function reject() {
  const details = rows()[at]?.querySelector("[data-reject]");
  if (!details) return;
  details.open = true;
  details.querySelector("textarea").focus();
}

const actions = {
  j: () => moveTo(at + 1),
  k: () => moveTo(at - 1),
  e: () => press("[data-endorse]"),
  r: reject,
  d: () => press("[data-open]"),
  x: () => press("[name=chosen]"),
  "?": () => sheet.showModal(),
};

const questions = "?\u061f\uff1f";

// The letter that a key stands for, capitals locked or not; what is written with Shift, as it is.
function letter({ key, code, shiftKey }) {
  if (questions.includes(key)) return "?";
  const another = /^\p{L}$/u.test(key) && !/\p{Script=Latin}/u.test(key) && code.startsWith("Key");
  const written = another ? code.slice(3) : key;
  return shiftKey ? key : written.toLowerCase();
}

function isOn() {
  try {
    return localStorage.getItem(stored) !== "off";
  } catch {
    return true;
  }
}

if (sheet) {
  const button = document.querySelector("#show-keys");
  const switched = document.querySelector("#keys-on");
  button.hidden = false;
  button.addEventListener("click", () => sheet.showModal());
  switched.checked = isOn();
  switched.addEventListener("change", () => {
    try {
      localStorage.setItem(stored, switched.checked ? "on" : "off");
    } catch {
      // Without storage the choice lasts as long as nobody needs it to.
    }
  });
  // Whoever goes by Tab or mouse goes on with the keys from there.
  document.addEventListener("focusin", (event) => {
    const index = rows().indexOf(event.target.closest("[data-row]"));
    if (index < 0 || index === at) return;
    rows()[at]?.classList.remove("here");
    at = index;
  });
  // After a decision the address says where one goes on, and the browser puts the focus there.
  at = rows().findIndex((row) => location.hash === `#${row.querySelector("[data-open]").id}`);
  rows()[at]?.classList.add("here");
  document.addEventListener("keydown", (event) => {
    const reason = event.key === "Escape" && event.target.closest("[data-reject][open]");
    if (reason && isOn()) return leave(reason);
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog[open]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !isOn()) return;
    const action = actions[letter(event)];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

// How long a decision can still be taken back; live.js, which may replace what is counted, asks what became of it.
const ends = new WeakMap();
setInterval(() => {
  for (const badge of document.querySelectorAll("[data-left]")) {
    // What was over when the page was made is told by what comes of it, however long that takes.
    if (!ends.has(badge) && badge.dataset.left === "0") {
      delete badge.dataset.left;
      continue;
    }
    if (!ends.has(badge)) ends.set(badge, performance.now() + 1000 * Number(badge.dataset.left));
    const left = Math.max(0, Math.round((ends.get(badge) - performance.now()) / 1000));
    badge.textContent = badge.textContent.replace(/[0-9\u0660-\u0669]+/, String(left));
    if (left) continue;
    delete badge.dataset.left;
    badge.dispatchEvent(new CustomEvent("due", { bubbles: true }));
  }
}, 1000);

// What was typed and not sent is there again after signing in anew, in this tab and to whoever typed it alone.
const { reader } = document.querySelector("script[data-reader]").dataset;
const place = (address, name) => `entraide-typed ${reader} ${address} ${name}`;
const kept = (field) => place(field.form.getAttribute("action"), field.name);
for (const field of document.querySelectorAll("form textarea")) {
  try {
    if (!field.value) field.value = sessionStorage.getItem(kept(field)) ?? "";
  } catch {
    break;
  }
}
// Rows are replaced as they change (live.js), so it is the page that hears of what is typed.
document.addEventListener("input", ({ target }) => {
  if (!target.matches("form textarea")) return;
  try {
    sessionStorage.setItem(kept(target), target.value);
  } catch {
    // Without storage it is as without this module.
  }
});
// Once the queue shows a decision, its reason was sent.
for (const link of document.querySelectorAll(".decided a[href^='/proposals/']")) {
  try {
    sessionStorage.removeItem(place(link.getAttribute("href"), "reason"));
  } catch {
    break;
  }
}
