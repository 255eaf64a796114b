// The chat with a server's models. Whatever is asked or answered is shown as text, never as HTML.
"use strict";
(() => {
  const THEME = "tunesmith-theme", TALK = "tunesmith-talk", KEY = "tunesmith-key";
  const NEAR_END = 80;
  const root = document.documentElement;
  const recall = (store, name) => { try { return store.getItem(name); } catch { return null; } };
  const remember = (store, name, value) => { try { store.setItem(name, value); return true; } catch { return false; } };
  const theme = recall(localStorage, THEME);
  if (theme) root.dataset.theme = theme;

  document.addEventListener("DOMContentLoaded", () => {
    const field = (name) => document.getElementById(name);
    const [talk, told, question, input, system, temperature] =
      ["talk", "told", "question", "input", "system", "temperature"].map(field);
    let models = [];
    let state = { turns: [], chosen: null, system: "", temperature: "" };
    const writing = new Map(); // an answer that is being written -> what stops it

    const element = (name, className, text) => {
      const made = document.createElement(name);
      if (className) made.className = className;
      if (text !== undefined) made.textContent = text;
      return made;
    };
    const button = (text, className, press) => {
      const made = element("button", className, text);
      made.type = "button";
      made.addEventListener("click", press);
      return made;
    };
    const thumbPicture = () => {
      const [picture, line] = ["svg", "path"].map((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
      picture.setAttribute("viewBox", "0 0 24 24");
      picture.setAttribute("aria-hidden", "true");
      line.setAttribute("d", "M7.5 10.5V21H3.5V10.5zL11.5 3C13.5 3 14.5 4 14.3 6L13.5 10H19c1.500 0 2.400 1.200 2 2.600L19.500 19c-.3 1.300-1.200 2-2.500 2H7.500");
      picture.append(line);
      return picture;
    };
    const tell = (text) => { told.textContent = text; };
    const save = () => {
      if (!remember(sessionStorage, TALK, JSON.stringify(state)))
        tell("The conversation is too long to be kept over a reload.");
    };
    const colour = (model) => "model-" + Math.max(0, Math.min(models.findIndex((one) => one.id === model), 4));

    // The server

    const askKey = () => new Promise((resolve) => {
      const door = field("door");
      field("key").value = "";
      door.addEventListener("close", () => {
        const key = field("key").value.trim();
        if (key) remember(sessionStorage, KEY, key);
        resolve(key);
      }, { once: true });
      if (!door.open) door.showModal();
    });
    let door = null; // one question for the key, however many requests need it
    const send = async (path, body, signal) => {
      const key = recall(sessionStorage, KEY);
      const headers = key ? { Authorization: "Bearer " + key } : {};
      const content = body && JSON.stringify(body);
      if (body) headers["Content-Type"] = "application/json";
      let reply;
      try {
        reply = await fetch(path, { method: body ? "POST" : "GET", headers, body: content, signal, cache: "no-store" });
      } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Error("The server cannot be reached. Is it still running?");
      }
      if (reply.status === 401) {
        door ??= askKey().finally(() => { door = null; });
        if (await door) return send(path, body, signal);
      }
      if (!reply.ok) throw new Error(await faultOf(reply));
      return reply;
    };
    const faultOf = async (reply) => {
      const text = await reply.text();
      try { return JSON.parse(text).error.message; } catch { return `${reply.status}: ${text.slice(0, 200)}`; }
    };

    // Server-sent events -> objects, until [DONE]
    async function* eventsOf(reply) {
      const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read().catch((error) => {
          if (error.name === "AbortError") throw error;
          throw new Error("The connection broke off before the answer's end.");
        });
        if (done) throw new Error("The connection broke off before the answer's end.");
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (!line.startsWith("data:")) continue;
          const data = line.slice(5).trim();
          if (data === "[DONE]") return;
          yield JSON.parse(data);
        }
      }
    }

    // What a model reads: its own conversation, without the turns that it did not answer; of a
    // template with one turn, the question alone.
    const readsTurns = (model) => models.find((one) => one.id === model)?.takes_conversations !== false;
    const messagesFor = (model, turn) => {
      const messages = state.system.trim() ? [{ role: "system", content: state.system }] : [];
      for (const one of state.turns) {
        const earlier = one.answers[model];
        if (one !== turn && (!readsTurns(model) || !earlier?.text || earlier.status === "failed")) continue;
        messages.push({ role: "user", content: one.question, ...(one.input ? { input: one.input } : {}) });
        if (one === turn) break;
        messages.push({ role: "assistant", content: earlier.text });
      }
      return messages;
    };
    const samplingOf = (attempt) => {
      const heat = state.temperature === "" ? {} : { temperature: Number(state.temperature) };
      return attempt ? { ...heat, seed: attempt } : heat;
    };

    const write = async (turn, model) => {
      const before = turn.answers[model];
      const attempt = before ? before.attempt + 1 : 0;
      const answer = {
        text: "", status: "writing", attempt,
        isAlone: turn !== state.turns[0] && !readsTurns(model),
        messages: messagesFor(model, turn), sampling: samplingOf(attempt),
      };
      turn.answers[model] = answer;
      const stop = new AbortController();
      writing.set(answer, stop);
      let card = showAnswer(turn, model);
      const body = { model, messages: answer.messages, ...answer.sampling, stream: true };
      try {
        const reply = await send("v1/chat/completions", body, stop.signal);
        for await (const event of eventsOf(reply)) {
          if (event.error) throw new Error(event.error.message);
          answer.id = event.id;
          const choice = event.choices?.[0];
          if (choice?.delta?.content) {
            answer.text += choice.delta.content;
            grow(card, choice.delta.content);
          }
          if (choice?.finish_reason) answer.finish = choice.finish_reason;
        }
        answer.status = "done";
        if (models.find((one) => one.id === model)?.takes_conversations === undefined) // it was loaded for this
          models = (await (await send("v1/models")).json()).data;
        const isSame = before?.status === "done" && before.text === answer.text;
        tell(isSame ? `${model} answers the same again. A higher temperature gives another answer.` : `${model} has answered.`);
      } catch (error) {
        const isStopped = error.name === "AbortError";
        answer.status = isStopped ? "stopped" : "failed";
        if (!isStopped) answer.fault = error.message;
        tell(isStopped ? "Stopped." : `${model} has not answered.`);
      }
      writing.delete(answer);
      card = showAnswer(turn, model);
      update();
    };
    const stopAll = () => { for (const stop of writing.values()) stop.abort(); };

    // What is seen

    const isAtEnd = () => talk.scrollHeight - talk.scrollTop - talk.clientHeight < NEAR_END;
    const toEnd = () => { talk.scrollTop = talk.scrollHeight; };
    const grow = (card, piece) => {
      const follows = isAtEnd();
      card.querySelector(".text").firstChild.appendData(piece);
      if (follows) toEnd();
    };
    const textBlock = (text, className) => {
      const block = element("div", "text " + (className ?? ""));
      block.dir = "auto";
      block.append(document.createTextNode(text));
      return block;
    };
    const ENDS = { stopped: "stopped", failed: "failed", length: "cut off at its longest" };

    const showAnswer = (turn, model) => {
      const answer = turn.answers[model];
      const card = element("article", "answer " + colour(model));
      card.dataset.model = model;
      const isWriting = answer.status === "writing";
      const who = element("p", "who");
      who.append(element("b", "", model));
      const end = ENDS[answer.status] ?? ENDS[answer.finish];
      if (isWriting) who.append(element("span", "", "is writing"));
      else if (end) who.append(element("span", "", end));
      if (answer.isAlone) who.append(element("span", "", "read this question alone"));
      card.append(who);
      const isEmpty = !isWriting && !answer.text.trim();
      const text = textBlock(isEmpty && !answer.fault ? "(empty)" : answer.text, isEmpty ? "is-empty" : "");
      text.setAttribute("aria-busy", String(isWriting));
      card.classList.toggle("is-writing", isWriting);
      card.append(text);
      if (answer.correction) {
        const corrected = element("div", "corrected");
        corrected.append(element("small", "", "should have been"), textBlock(answer.correction));
        card.append(corrected);
      }
      if (answer.fault) card.append(element("p", "fault", answer.fault));
      if (!isWriting) card.append(actions(turn, model, card));
      if (answer.kept) card.append(element("p", "kept", answer.kept));
      const old = turn.node.querySelector(`[data-model="${CSS.escape(model)}"]`);
      if (old) old.replaceWith(card);
      else turn.node.querySelector(".answers").append(card);
      return card;
    };

    const actions = (turn, model, card) => {
      const answer = turn.answers[model];
      const row = element("div", "actions");
      const has = models.find((one) => one.id === model)?.takes_feedback && answer.status !== "failed";
      for (const [thumb, name] of has ? [["up", "Good answer"], ["down", "Bad answer"]] : []) {
        const made = button("", thumb, () => judge(turn, model, { thumb }));
        made.append(thumbPicture());
        made.setAttribute("aria-label", `${name} of ${model}`);
        made.setAttribute("aria-pressed", String(answer.thumb === thumb));
        made.title = name;
        row.append(made);
      }
      if (has) row.append(button("Correct", "fix", () => correct(turn, model, card)));
      if (turn === state.turns.at(-1) && models.some((one) => one.id === model))
        row.append(button("Retry", "retry", () => { if (!writing.size) { write(turn, model); update(); } }));
      row.append(button("Copy", "copy", () => copy(answer.text)));
      row.append(button("curl", "curl", () => copy(asCurl(model, answer))));
      row.append(button("Python", "python", () => copy(asPython(model, answer))));
      return row;
    };

    const judge = async (turn, model, said) => {
      const answer = turn.answers[model];
      const now = { thumb: answer.thumb, correction: answer.correction, note: answer.note, ...said };
      try {
        const reply = await send("v1/feedback", {
          model, messages: answer.messages, answer: answer.text, answer_id: answer.id ?? null,
          finish_reason: answer.status === "stopped" ? "stopped" : answer.finish ?? null,
          sampling: answer.sampling, thumb: now.thumb ?? null,
          correction: now.correction || null, note: now.note || null,
        });
        Object.assign(answer, now, { fault: undefined, kept: `Kept in ${(await reply.json()).kept_in}.` });
        tell(answer.kept);
      } catch (error) {
        answer.fault = error.message;
        tell("The feedback was not kept.");
        if (said.correction) { cardOf(turn, model).querySelector(".fault-here").textContent = error.message; return; }
      }
      showAnswer(turn, model);
      save();
    };
    const cardOf = (turn, model) => turn.node.querySelector(`[data-model="${CSS.escape(model)}"]`);

    const correct = (turn, model, where) => {
      if (where.querySelector(".correct")) return where.querySelector("textarea").focus();
      const answer = turn.answers[model];
      const form = element("form", "correct");
      const labelled = (title, value, rows) => {
        const label = element("label", "", title), box = element("textarea");
        box.value = value;
        box.rows = rows;
        label.append(box);
        form.append(label);
        return box;
      };
      const right = labelled("What should it have said?", answer.correction ?? answer.text, 5);
      const note = labelled("Why? (a note, not trained)", answer.note ?? "", 1);
      const row = element("div"), keep = element("button", "strong", "Keep the correction");
      keep.type = "submit";
      row.append(keep, button("Cancel", "", () => form.remove()));
      form.append(row, element("span", "fault-here"));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        if (!right.value.trim()) { form.querySelector(".fault-here").textContent = "Write what it should have said."; return; }
        judge(turn, model, { correction: right.value, note: note.value, thumb: answer.thumb ?? "down" });
      });
      where.append(form);
      right.focus();
    };

    // What is copied

    const callOf = (model, answer) => ({ model, messages: answer.messages, ...answer.sampling });
    const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
    const address = () => location.origin + "/v1";
    const asCurl = (model, answer) => {
      const key = recall(sessionStorage, KEY) ? ' \\\n  -H "Authorization: Bearer $OPENAI_API_KEY"' : "";
      return `curl ${address()}/chat/completions${key} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(callOf(model, answer)))}\n`;
    };
    const asPython = (model, answer) => {
      const hasKey = Boolean(recall(sessionStorage, KEY));
      const key = hasKey ? 'os.environ["OPENAI_API_KEY"]' : '"none"';
      // JSON without true, false and null is Python
      const call = JSON.stringify(callOf(model, answer), null, 4);
      return `${hasKey ? "import os\n\n" : ""}from openai import OpenAI\n\nclient = OpenAI(base_url="${address()}", api_key=${key})\nanswer = client.chat.completions.create(**${call})\nprint(answer.choices[0].message.content)\n`;
    };
    const copy = async (text) => {
      try {
        await navigator.clipboard.writeText(text);
        tell("Copied.");
      } catch { // no permission, or a page without https
        field("copied").value = text;
        field("copy").showModal();
        field("copied").select();
      }
    };

    // The whole page

    const showTurn = (turn) => {
      const node = element("section", "turn");
      const asked = textBlock(turn.question, "asked");
      if (turn.input) asked.append(textBlock(turn.input, "input"));
      node.append(asked, element("div", "answers"));
      Object.defineProperty(turn, "node", { value: node, configurable: true }); // not saved
      talk.append(node);
      Object.keys(turn.answers).forEach((model) => showAnswer(turn, model));
    };
    const showModels = () => {
      for (const [index, model] of models.entries()) {
        const label = element("label", "model-" + Math.min(index, 4)), box = element("input");
        box.type = "checkbox";
        box.value = model.id;
        box.checked = state.chosen.includes(model.id);
        box.addEventListener("change", () => {
          state.chosen = models.map((one) => one.id).filter((id) => id === model.id ? box.checked : state.chosen.includes(id));
          update();
        });
        label.append(box, element("span", "", model.id));
        field("models").append(label);
      }
      const keeps = models.some((one) => one.takes_feedback);
      field("kept").textContent = keeps
        ? "Thumbs and corrections are kept beside the run, for its next round."
        : "These models belong to no run, so thumbs and corrections are not kept.";
    };
    const update = () => {
      const isBusy = writing.size > 0;
      field("send").hidden = isBusy;
      field("stop").hidden = !isBusy;
      field("empty").hidden = state.turns.length > 0;
      input.hidden = !models.some((one) => one.takes_input && state.chosen.includes(one.id));
      const heat = state.temperature === "" ? "" : `temperature ${state.temperature}`;
      const set = [state.system.trim() && "system prompt", heat].filter(Boolean).join(", ");
      field("set").textContent = set ? ` (${set})` : "";
      save();
    };
    const start = async () => {
      try {
        models = (await (await send("v1/models")).json()).data;
      } catch (error) {
        tell(error.message);
        return;
      }
      const known = models.map((one) => one.id);
      state.chosen = (state.chosen ?? known.slice(0, 2)).filter((id) => known.includes(id));
      if (!state.chosen.length) state.chosen = known.slice(0, 1);
      showModels();
      state.turns.forEach(showTurn);
      toEnd();
      update();
    };
    const restore = () => {
      try { state = { ...state, ...JSON.parse(recall(sessionStorage, TALK)) }; } catch { /* begin anew */ }
      for (const turn of state.turns) for (const answer of Object.values(turn.answers))
        if (answer.status === "writing") answer.status = "stopped";
      system.value = state.system;
      temperature.value = state.temperature;
    };
    const askAll = async () => {
      if (!question.value.trim()) return;
      if (writing.size) { tell("An answer is being written. Esc stops it."); return; }
      if (!models.length) await start();
      if (!models.length) return;
      if (!state.chosen.length) { tell("Choose a model above."); return; }
      if (!temperature.checkValidity()) { tell("The temperature is a number from 0 to 2."); temperature.focus(); return; }
      const earlier = state.turns.at(-1);
      const turn = { question: question.value, input: input.hidden ? "" : input.value.trim(), answers: {} };
      state.turns.push(turn);
      question.value = input.value = "";
      if (earlier) Object.keys(earlier.answers).forEach((model) => showAnswer(earlier, model));
      showTurn(turn);
      tell("");
      state.chosen.forEach((model) => write(turn, model));
      update();
      toEnd();
    };

    field("ask").addEventListener("submit", (event) => { event.preventDefault(); askAll(); });
    question.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      askAll();
    });
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") stopAll(); });
    field("stop").addEventListener("click", () => { stopAll(); question.focus(); });
    field("new").addEventListener("click", () => {
      stopAll();
      state.turns.forEach((turn) => turn.node.remove());
      state.turns = [];
      tell("");
      update();
      question.focus();
    });
    field("theme").addEventListener("click", () => {
      const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
      const next = (root.dataset.theme ?? (isDark ? "dark" : "light")) === "dark" ? "light" : "dark";
      root.dataset.theme = next;
      remember(localStorage, THEME, next);
    });
    system.addEventListener("input", () => { state.system = system.value; update(); });
    temperature.addEventListener("input", () => { state.temperature = temperature.value; update(); });
    addEventListener("pagehide", save);
    restore();
    start();
  });
})();
