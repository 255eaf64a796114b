// Shows the test rows that the page carries as data. Rows are shown as text, never as HTML.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("rows").textContent);
  const PAGE = 20;
  const MAX_MARKED_WORDS = 400;
  const field = (name) => document.getElementById(name);
  const [search, show, tag, metric, sort, marks] =
    ["search", "show", "tag", "metric", "sort", "marks"].map(field);
  const titles = JSON.parse(field("titles").textContent);
  const isLowerBetter = (name) => name === "loss";
  let found = [];
  let page = 0;

  // A text in the language of the page; `titles` holds the translations.
  const told = (text, places = {}) =>
    (titles[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => places[name]);

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const score = (row, name, model) => row.grades[name]?.[model]?.score ?? null;
  const gain = (row, name) => {
    const [before, after] = [score(row, name, "base"), score(row, name, "tuned")];
    if (before === null || after === null) return null;
    return isLowerBetter(name) ? before - after : after - before;
  };
  const isFailed = (row) => data.models.some((model) =>
    (row.answers[model]?.finish_reason ?? "stop") !== "stop" ||
    data.metrics.some((name) => row.grades[name]?.[model] && score(row, name, model) === null));

  const FILTERS = {
    all: () => true,
    changed: (row) => row.answers.base?.text !== row.answers.tuned?.text,
    gained: (row) => gain(row, metric.value) > 0,
    lost: (row) => gain(row, metric.value) !== null && gain(row, metric.value) < 0,
    right: (row) => score(row, "exact_match", "tuned") === 100,
    wrong: (row) => score(row, "exact_match", "tuned") !== 100,
    failed: isFailed,
    unusable: (row) => Boolean(row.signs.tuned),
  };
  const ORDERS = {
    file: () => 0,
    gains: (row) => -(gain(row, metric.value) ?? -Infinity),
    losses: (row) => gain(row, metric.value) ?? Infinity,
    lowest: (row) => (isLowerBetter(metric.value) ? -1 : 1) *
      (score(row, metric.value, "tuned") ?? (isLowerBetter(metric.value) ? -Infinity : Infinity)),
  };

  // What search looks through, built once.
  data.rows.forEach((row, index) => {
    row.number = index + 1;
    const texts = row.prompt.flatMap((turn) => [turn.content, turn.input]);
    const answers = Object.values(row.answers).map((answer) => answer.text);
    row.haystack = [row.id, row.source, ...row.tags, ...texts, row.reference, ...answers]
      .join("\n").toLowerCase();
  });

  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

  const update = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = data.rows.filter((row) =>
      (FILTERS[show.value] ?? ((one) => one.signs.tuned?.[show.value]))(row) &&
      (!tag.value || row.tags.includes(tag.value)) &&
      words.every((word) => row.haystack.includes(word)));
    const order = ORDERS[sort.value];
    found = chosen.map((row) => [order(row), row])
      .sort((a, b) => compare(a[0], b[0]) || a[1].number - b[1].number)
      .map((pair) => pair[1]);
    page = 0;
    render();
  };

  // Which words of `text` stand in the reference too, in the same order (longest common
  // subsequence): the words that ROUGE-L counts.
  const bare = (word) => word.toLowerCase().replace(/[\p{P}\p{S}]/gu, "");
  const sharedWords = (text, reference) => {
    const pieces = text.split(/(\s+)/);
    const places = pieces.map((_, i) => i).filter((i) => bare(pieces[i]));
    const other = reference.split(/\s+/).map(bare).filter(Boolean);
    if (places.length > MAX_MARKED_WORDS || other.length > MAX_MARKED_WORDS) return [pieces, new Set()];
    const lengths = Array.from({ length: places.length + 1 }, () => new Uint16Array(other.length + 1));
    for (let i = places.length - 1; i >= 0; i--) {
      for (let j = other.length - 1; j >= 0; j--) {
        lengths[i][j] = bare(pieces[places[i]]) === other[j]
          ? lengths[i + 1][j + 1] + 1
          : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
      }
    }
    const shared = new Set();
    for (let i = 0, j = 0; i < places.length && j < other.length;) {
      if (bare(pieces[places[i]]) === other[j]) { shared.add(places[i]); i++; j++; }
      else if (lengths[i + 1][j] >= lengths[i][j + 1]) i++;
      else j++;
    }
    return [pieces, shared];
  };

  const textBlock = (text, reference) => {
    const block = element("div", "text");
    block.dir = "auto";
    if (!text.trim()) {
      block.append(element("span", "empty", told("(empty)")));
      return block;
    }
    if (reference === undefined || !marks.checked) {
      block.textContent = text;
      return block;
    }
    const [pieces, shared] = sharedWords(text, reference);
    let run = "", isMarked = false;
    const flush = () => { if (run) block.append(isMarked ? element("mark", "", run) : run); run = ""; };
    pieces.forEach((piece, i) => {
      const joins = !piece.trim() && shared.has(i - 1) && shared.has(i + 1);
      const marked = shared.has(i) || joins;
      if (marked !== isMarked) { flush(); isMarked = marked; }
      run += piece;
    });
    flush();
    return block;
  };

  const digits = (name) => (name === "loss" ? 3 : 1);
  const signed = (value, name) =>
    (value > 0 ? "+" : value < 0 ? "−" : "±") + Math.abs(value).toFixed(digits(name));

  const scoreList = (row, model) => {
    const list = element("ul", "marks");
    for (const name of data.metrics) {
      const grade = row.grades[name]?.[model];
      if (!grade) continue;
      const item = element("li", "", titles[name] + " ");
      if (grade.score === null) item.append(element("span", "warning", grade.reason || told("failed")));
      else item.append(element("b", "", grade.score.toFixed(digits(name))));
      list.append(item);
    }
    return list.childElementCount ? list : "";
  };

  const answerCard = (row, model, index) => {
    const card = element("div", "answer model-" + Math.min(index, 4));
    card.append(element("span", "role key", model));
    const answer = row.answers[model];
    if (!answer) {
      const missing = element("div", "text");
      missing.append(element("span", "empty", told("(no answer)")));
      card.append(missing);
    } else {
      card.append(textBlock(answer.text, row.reference));
      if (answer.finish_reason !== "stop") {
        const cut = answer.finish_reason === "length" ? told("cut off at max_new_tokens") : answer.finish_reason;
        card.append(element("span", "small warning", cut));
      }
    }
    for (const [sign, found] of Object.entries(row.signs[model] ?? {})) {
      card.append(element("span", "small warning", told("{sign}: {found}", { sign: titles[sign], found })));
    }
    card.append(scoreList(row, model));
    return card;
  };

  const turnBlock = (role, text, className) => {
    const turn = element("div", "turn " + className);
    turn.append(element("span", "role", role), textBlock(text));
    return turn;
  };

  const rowCard = (row) => {
    const card = element("article", "row card");
    const head = element("div", "row-head");
    head.append(element("strong", "", told("Row {number}", { number: row.number })), element("span", "mono", row.source));
    for (const name of row.tags) head.append(element("span", "tag", name));
    head.append(element("span", "mono", row.id));
    const change = gain(row, metric.value);
    if (change !== null) {
      const kind = change > 0 ? "better" : change < 0 ? "worse" : "";
      const shown = isLowerBetter(metric.value) ? -change : change;
      head.append(element("span", "gain badge " + kind, titles[metric.value] + " " + signed(shown, metric.value)));
    }
    card.append(head);
    const prompt = element("div", "prompt");
    row.prompt.forEach((turn, index) => {
      const isLast = index === row.prompt.length - 1;
      const role = turn.role === "user" ? (row.prompt.length === 1 ? told("instruction") : told("user")) : turn.role;
      prompt.append(turnBlock(role, turn.content, isLast ? "" : "earlier"));
      if (turn.input) prompt.append(turnBlock(told("input"), turn.input, "input"));
    });
    if (row.prompt.length) card.append(prompt);
    const answers = element("div", "answers");
    const reference = element("div", "answer reference");
    reference.append(element("span", "role", row.prompt.length ? told("reference") : told("text")), textBlock(row.reference));
    answers.append(reference);
    data.models.forEach((model, index) => answers.append(answerCard(row, model, index)));
    card.append(answers);
    return card;
  };

  const render = () => {
    const numPages = Math.max(1, Math.ceil(found.length / PAGE));
    const shown = found.slice(page * PAGE, (page + 1) * PAGE);
    field("list").replaceChildren(...shown.map(rowCard));
    const places = {
      count: found.length.toLocaleString("en"), total: data.rows.length.toLocaleString("en"),
      first: page * PAGE + 1, last: page * PAGE + shown.length,
    };
    field("found").textContent = !found.length
      ? told("No row matches. Clear the search, or show all rows.")
      : found.length === 1
        ? told("{count} row of {total}; {first} to {last} below.", places)
        : told("{count} rows of {total}; {first} to {last} below.", places);
    field("where").textContent = told("Page {page} of {total}", { page: page + 1, total: numPages });
    field("back").disabled = page === 0;
    field("next").disabled = page + 1 >= numPages;
    field("pages").hidden = numPages === 1;
  };

  const turn = (step) => {
    page += step;
    render();
    field("answers").scrollIntoView();
  };

  [...new Set(data.rows.flatMap((row) => row.tags))].sort().forEach((name) => {
    tag.append(new Option(name, name));
  });
  tag.closest("label").hidden = tag.options.length === 1;
  data.metrics.forEach((name) => metric.append(new Option(titles[name], name)));
  if (data.metrics.includes("token_f1")) metric.value = "token_f1";
  metric.closest("label").hidden = data.metrics.length === 0;
  const hide = (option, hidden) => { if (hidden) option.remove(); };
  for (const option of [...show.options]) {
    hide(option, ["right", "wrong"].includes(option.value) && !data.metrics.includes("exact_match"));
  }
  const signs = new Set(data.rows.flatMap((row) => Object.keys(row.signs.tuned ?? {})));
  if (!signs.size) hide(show.querySelector("[value=unusable]"), true);
  for (const sign of signs) show.append(new Option(told("Tuned {sign}", { sign: titles[sign] }), sign));
  let waiting;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(update, 120); });
  for (const control of [show, tag, metric, sort]) control.addEventListener("change", update);
  marks.addEventListener("change", render);
  for (const link of document.querySelectorAll("[data-search]")) {
    link.addEventListener("click", () => { search.value = link.dataset.search; show.value = "all"; tag.value = ""; update(); });
  }
  field("back").addEventListener("click", () => turn(-1));
  field("next").addEventListener("click", () => turn(1));
  update();
})();
