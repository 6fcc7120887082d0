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

// A summary of errors takes the focus, so that who cannot see it hears of it.
document.querySelector(".errors")?.focus();
