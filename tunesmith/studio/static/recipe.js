// The Recipe page: the YAML and the form are two views of one text, which the server reads.
"use strict";

const editor = document.querySelector("#editor");
const say = editor.dataset;
const area = document.querySelector("#text");
const place = (id) => document.querySelector(`#${id}`);
const kept = `recipe:${say.folder}/${say.recipe}`; // what is not saved outlives the tab
let seen = say.seen;
let shape = say.shape;
let saved = area.value;
let mistakes = [];
let asking = null;
let measuring = null;
let typing = 0;
let pausing = 0;

async function ask(path, terms, signal) {
  const body = new URLSearchParams({ recipe: say.recipe, text: area.value, ...terms });
  const reply = await fetch(path, { method: "POST", body, signal });
  return { status: reply.status, ...(await reply.json()) };
}

function complain(text) {
  const box = document.createElement("div");
  box.className = "problem";
  box.textContent = text;
  place("problem").replaceChildren(...(text ? [box] : []));
}

function drawGutter() {
  const wrong = new Set(mistakes.map((one) => one.line));
  const lines = area.value.split("\n").map((_, at) => {
    const line = document.createElement(wrong.has(at + 1) ? "mark" : "span");
    line.textContent = `${at + 1}\n`;
    return line;
  });
  place("gutter").replaceChildren(...lines);
  place("gutter").scrollTop = area.scrollTop;
}

function drawState() {
  const isSaved = area.value === saved;
  place("saved").textContent = isSaved ? say.saved : say.unsaved;
  place("saved").className = isSaved ? "pill good" : "pill bad";
  place("undo").hidden = isSaved;
  if (isSaved) localStorage.removeItem(kept);
  else localStorage.setItem(kept, JSON.stringify({ text: area.value, seen }));
}

function drawMistakes() {
  place("mistakes-head").textContent = mistakes.length ? say.wrong : say.right;
  place("mistakes").replaceChildren(...mistakes.map((one) => {
    const item = document.createElement("li");
    const jump = document.createElement("button");
    jump.type = "button";
    jump.className = "quiet";
    jump.dataset.line = one.line;
    jump.textContent = say.at.replace("{line}", one.line);
    item.append(jump, ` ${one.key ? `${one.key}: ` : ""}${one.message}`);
    return item;
  }));
}

function drawFields(fields) {
  for (const [key, told] of Object.entries(fields)) {
    const box = document.querySelector(`[data-field="${CSS.escape(key)}"]`);
    if (!box) continue;
    const control = box.querySelector("[data-key-of]");
    if (control !== document.activeElement || control.matches("select")) {
      if (control.matches("select") && ![...control.options].some((one) => one.value === told.written)) {
        control.append(new Option(told.written, told.written));
      }
      control.value = told.written;
    }
    box.classList.toggle("wrong", told.mistakes !== "");
    box.querySelector(".mistake").textContent = told.mistakes;
    const line = box.querySelector(".line");
    line.hidden = !told.line;
    line.dataset.line = told.line || "";
    line.textContent = say.at.replace("{line}", told.line || 0);
  }
}

function drawForm(html) {
  const open = [...document.querySelectorAll("#form details[open]")].map((one) => one.dataset.group);
  const focused = document.activeElement.id;
  place("form").innerHTML = html;
  for (const key of open) {
    const group = document.querySelector(`#form [data-group="${CSS.escape(key)}"]`);
    if (group) group.open = true;
  }
  if (focused) document.getElementById(focused)?.focus();
}

function put(text) {
  if (area.value === text) return;
  const [start, end, top] = [area.selectionStart, area.selectionEnd, area.scrollTop];
  area.value = text;
  area.setSelectionRange(start, end);
  area.scrollTop = top;
}

// One edit after the other, each on the text as it then is.
let turn = Promise.resolve();
function edit(terms) {
  clearTimeout(typing);
  asking?.abort();
  turn = turn.then(() => read(terms)).catch(lost);
  return turn;
}

async function read(terms = {}) {
  const mine = (asking = new AbortController());
  const sent = area.value;
  const told = await ask("/recipe/draft", { shape, ...terms }, terms.key ? undefined : mine.signal);
  if (area.value !== sent) return read(terms);
  complain(told.problem);
  put(told.text);
  mistakes = told.mistakes;
  shape = told.shape;
  if (told.form) drawForm(told.form);
  drawFields(told.fields);
  drawMistakes();
  drawGutter();
  drawState();
  place("command").textContent = told.command;
  plan();
}

function lost(error) {
  if (error.name !== "AbortError") complain(say.lost);
}

function plan() {
  clearTimeout(pausing);
  measuring?.abort();
  if (!place("live-forecast").checked) return;
  pausing = setTimeout(measure, 1500);
}

async function measure() {
  measuring?.abort();
  if (mistakes.length) { place("forecast").textContent = say.waiting; return; }
  const mine = (measuring = new AbortController());
  place("forecast").textContent = say.measuring;
  try {
    const told = await ask("/recipe/forecast", {}, mine.signal);
    if (!told.superseded) place("forecast").textContent = told.lines ? told.lines.join("\n") : told.problem;
  } catch (error) { lost(error); }
}

async function save() {
  const sent = area.value;
  try {
    const told = await ask("/recipe/save", { seen });
    place("conflict").hidden = !told.theirs;
    if (told.theirs) {
      place("theirs").textContent = told.theirs.text;
      place("conflict").dataset.seen = told.theirs.seen;
      place("keep-mine").focus();
    } else if (told.seen) {
      [seen, saved] = [told.seen, sent];
      place("command").textContent = told.command;
      complain("");
      drawState();
    } else complain(told.problem);
  } catch (error) { lost(error); }
}

function jump(line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] || "").length);
  area.scrollTop = Math.max(0, (line - 6) * (area.scrollHeight / lines.length));
}

area.addEventListener("input", () => {
  drawGutter();
  drawState();
  clearTimeout(pausing);
  measuring?.abort();
  clearTimeout(typing);
  typing = setTimeout(() => edit({}), 250);
});
area.addEventListener("scroll", () => { place("gutter").scrollTop = area.scrollTop; });
place("form").addEventListener("change", (event) => {
  const key = event.target.dataset.keyOf;
  if (key) edit({ key, written: event.target.value });
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-line]");
  if (button) { event.preventDefault(); jump(Number(button.dataset.line)); }
});
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { event.preventDefault(); save(); }
});
place("save").addEventListener("click", save);
place("measure").addEventListener("click", measure);
place("keep-mine").addEventListener("click", () => { seen = place("conflict").dataset.seen; save(); });
place("take-theirs").addEventListener("click", () => {
  [seen, saved] = [place("conflict").dataset.seen, place("theirs").textContent];
  area.value = saved;
  place("conflict").hidden = true;
  edit({});
});
place("undo").addEventListener("click", () => { area.value = saved; edit({}); });
place("add-source").addEventListener("click", () => {
  const written = place("new-source").value.trim();
  const places = [...document.querySelectorAll("#form > [data-group^='sources.']")].length;
  if (written) edit({ key: `sources.${places}.path`, written }).then(() => { place("new-source").value = ""; });
});
place("new-source").addEventListener("keydown", (event) => {
  if (event.key === "Enter") place("add-source").click();
});

const before = JSON.parse(localStorage.getItem(kept) || "null");
if (before && before.text !== saved) {
  area.value = before.text;
  seen = before.seen;
  edit({}).then(() => complain(say.kept));
} else edit({});
drawGutter();
