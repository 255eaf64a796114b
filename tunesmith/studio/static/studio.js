// What every page of the studio shares: copying, keys of the page, and a theme that is kept.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.querySelector(button.dataset.copy).textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.dataset.done = "true";
    setTimeout(() => delete button.dataset.done, 1200);
  } catch {
    getSelection().selectAllChildren(document.querySelector(button.dataset.copy));
  }
});

// A key presses what bears it: <button data-key="j">. Never while somebody writes.
document.addEventListener("keydown", (event) => {
  const writes = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select");
  if (event.key === "Escape" && writes) { writes.blur(); return; }
  if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = CSS.escape(event.key);
  const target = [...document.querySelectorAll(`[data-key="${key}"]`)].find((one) => one.checkVisibility());
  if (!target || target.disabled) return;
  event.preventDefault();
  if (target.matches("input:not([type=radio], [type=checkbox]), textarea, select")) target.focus();
  else target.click();
});

// What is being asked for is said to readers of screens, and a lost server is said to everybody.
document.addEventListener("htmx:sendError", () => {
  const place = document.querySelector("#problem");
  place.innerHTML = "";
  const said = document.createElement("div");
  said.className = "problem";
  said.textContent = document.body.dataset.lost || "The studio does not answer. Is it still running?";
  place.append(said);
});
document.addEventListener("htmx:beforeRequest", () => { document.querySelector("#problem").innerHTML = ""; });

// A button opens what it names and goes to its first field; another fills a field from a text.
document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-open]");
  if (opens) {
    const place = document.querySelector(opens.dataset.open);
    place.hidden = false;
    place.querySelector("input:not([type=hidden]), textarea")?.focus();
  }
  const fills = event.target.closest("[data-fill]");
  if (fills) document.querySelector(fills.dataset.fill).value = document.querySelector(fills.dataset.from).textContent;
});

// Ctrl Enter sends what is being written; a choice that sends itself does.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const button = event.target.closest("form")?.querySelector("[data-submit]");
  if (button) { event.preventDefault(); button.click(); }
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-sends]")) event.target.form.requestSubmit();
});
