// What pages do beyond what HTML does by itself. Nothing here is needed for a task.

// What a form's button said is done once, however often it is pressed while the answer is on its way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
});

// A group of places closes where one goes on: by the Escape key, with what is pressed elsewhere.
const folds = document.querySelectorAll("details.fold");
addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details.fold[open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});
addEventListener("click", (event) => folds.forEach((fold) => fold.contains(event.target) || (fold.open = false)));

// A summary of errors takes the focus, so that who cannot see it hears of it.
document.querySelector(".errors")?.focus();
