// Hints while a request is written: asked for once nothing was typed for a while.
const PAUSE = 1200;

const form = document.querySelector("form[data-hints]");
const shown = document.getElementById("hints");
let timer;
let asking;

async function refresh() {
  asking?.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(form.dataset.hints, {
      method: "POST", body: new URLSearchParams(new FormData(form)), signal: asking.signal, redirect: "error",
    });
    if (answer.ok) shown.innerHTML = await answer.text();
  } catch {
    // The hints that are shown stay; those of the whole part come when it is sent.
  }
}

form?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE);
});
