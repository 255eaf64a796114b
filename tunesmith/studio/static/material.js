// The page of the material: j and k go from pair to pair, a letter presses a button of that pair.
"use strict";

const pairs = () => [...document.querySelectorAll("#material article")];

function go(to) {
  pairs().forEach((one) => one.removeAttribute("aria-current"));
  if (!to) return;
  to.setAttribute("aria-current", "true");
  to.focus({ preventScroll: true });
  to.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = pairs();
  const at = all.findIndex((one) => one.hasAttribute("aria-current"));
  const next = all[at < 0 ? 0 : at + by];
  if (next) go(next);
  else document.querySelector(`#material a[rel=${by > 0 ? "next" : "prev"}]`)?.click();
}

function toggleEditor(button) {
  const editor = button.closest("article").querySelector(".pair-editor");
  editor.hidden = !editor.hidden;
  button.setAttribute("aria-expanded", String(!editor.hidden));
  if (!editor.hidden) [...editor.querySelectorAll("textarea")].at(-1).focus();
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("textarea") && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.target.form.requestSubmit();
    return;
  }
  if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j" || event.key === "k") { event.preventDefault(); step(event.key === "j" ? 1 : -1); return; }
  const act = `[data-act="${CSS.escape(event.key)}"]`;
  const here = document.querySelector("#material article[aria-current]");
  const button = here?.querySelector(act) || (event.key === "u" && document.querySelector(`#material ${act}`));
  if (!button) return;
  event.preventDefault();
  button.click();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest('button[data-act="e"]');
  if (button) toggleEditor(button);
});

// The list is drawn anew after a change: the same place stays the current one.
let place = -1;
document.addEventListener("htmx:beforeRequest", () => {
  place = pairs().findIndex((one) => one.hasAttribute("aria-current"));
});
document.addEventListener("htmx:afterSettle", () => { if (place >= 0) go(pairs()[Math.min(place, pairs().length - 1)]); });
