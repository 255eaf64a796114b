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
