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

// What is typed into a long text is kept in this tab until its page says that something was done: the
// session may end meanwhile, or the line break. Signing out forgets it.
const kept = (field) => `kept ${field.form.getAttribute("action")} ${field.name}`;
if (document.querySelector("main > .told") !== null)
  for (const name of Object.keys(sessionStorage))
    if (name.startsWith(`kept ${location.pathname}`)) sessionStorage.removeItem(name);
for (const field of document.querySelectorAll("form[data-keep] textarea")) {
  field.value ||= sessionStorage.getItem(kept(field)) ?? "";
  field.addEventListener("input", () => sessionStorage.setItem(kept(field), field.value));
}
document.querySelector('form[action="/sign-out"]')?.addEventListener("submit", () => sessionStorage.clear());
