// What pages do beyond what HTML does by itself. Nothing here is needed for a task.

// What is on its way says so, until the page that comes is there or this one is come back to.
function wait(element, over = () => {}) {
  element.ariaBusy = "true";
  const come = () => {
    element.ariaBusy = null;
    over();
  };
  addEventListener("pageshow", come, { once: true });
}

// What a form's button said is done once, however often it is pressed: until so long after that who presses it again
// waits no more, or has stopped it, of which a page does not hear.
const PRESSED = 20_000;
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if (form.dataset.sent !== undefined && performance.now() - Number(form.dataset.sent) < PRESSED) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = String(performance.now());
  wait(form, () => delete form.dataset.sent);
});

// The same of a link to another page of the portal that opens in this one's place.
addEventListener("click", (event) => {
  const link = event.target.closest("a[href]:not([download], [target])");
  const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || elsewhere || event.defaultPrevented || link.origin !== location.origin) return;
  if (link.hash && link.href.split("#")[0] === location.href.split("#")[0]) return;
  wait(document.querySelector("main"));
});

// The menu and a group of places close where one goes on: by the Escape key, the inner first, with what is pressed elsewhere.
const folds = document.querySelectorAll(".top details");
addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && [...folds].findLast((fold) => fold.open);
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});
addEventListener("click", (event) => folds.forEach((fold) => fold.contains(event.target) || (fold.open = false)));

// A summary of errors takes the focus, so that who cannot see it hears of it.
document.querySelector(".errors")?.focus();

// What is typed is never cut off: near its limit a field says how much is left, and past it how much is too much.
addEventListener("input", ({ target }) => {
  const most = Number(target.dataset?.most);
  if (!most) return;
  const left = most - [...target.value].length;
  const over = left < 0;
  let told = target.parentElement.querySelector("[data-length]");
  if (!told) {
    if (left > most / 10) return;
    told = document.createElement("p");
    told.dataset.length = "";
    told.role = "status";
    target.after(told);
  }
  const words = document.documentElement.dataset[over ? "charactersOver" : "charactersLeft"];
  const count = Math.abs(left).toLocaleString(document.documentElement.dataset.formats);
  told.className = over ? "error" : "hint";
  told.textContent = left > most / 10 ? "" : words.replace("{count}", () => count);
  target.setCustomValidity(over ? told.textContent : "");
});

// How far a long list is that is saved as a file: its page asks for that, until all of it went out.
const every = 1000, patience = 20;
document.querySelectorAll("a[data-saves]").forEach((link) => link.addEventListener("click", () => {
  const key = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
  const address = new URL(link.href);
  address.searchParams.set("progress", key);
  link.href = address;
  const told = link.closest(".files").querySelector("[data-progress]");
  let silent = 0;
  const ask = async () => {
    let answer;
    try {
      answer = await fetch(`/exports/progress/${key}`, { headers: { "X-Unattended": "1" } });
    } catch {
      answer = undefined;
    }
    let done = false;
    if (answer?.ok) {
      const found = await answer.json();
      told.hidden = false;
      told.querySelector("[data-records]").textContent = found.records.toLocaleString(document.documentElement.dataset.formats);
      done = found.done;
      silent = 0;
    } else {
      silent += 1;
    }
    const bar = told.querySelector("progress");
    if (done) bar.value = 1;
    else bar.removeAttribute("value");
    if (!done && silent < patience) setTimeout(ask, every);
    else if (!done) told.hidden = true;
  };
  setTimeout(ask, every);
}));
