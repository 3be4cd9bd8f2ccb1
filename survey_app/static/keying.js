// Keying of paper forms, one after the other, by keyboard. Path and faults are those of questionnaire.js, sealing that of
// sealing.js. What is typed lives in this page's memory until the form is sealed and sent; nothing is kept afterwards.
(() => {
  "use strict";
  const root = document.getElementById("keying");
  const words = document.getElementById("words").dataset;
  const device = surveyDevice;
  const parts = new Map([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
  const form = parts.get("key");
  const status = root.querySelector("[data-status]");
  const headings = [...form.querySelectorAll(".part, .table-head")];
  const rows = [...form.querySelectorAll(".q")].map((box) => ({
    box, name: box.dataset.name, kind: box.dataset.kind, isText: Boolean(box.dataset.text), isMany: Boolean(box.dataset.many),
    field: box.querySelector("input, textarea"), choices: [...box.querySelectorAll("[data-choice]")],
    wrong: box.querySelector(".wrong"), twice: box.querySelector(".twice"), number: box.querySelector(".no").textContent,
    label: box.querySelector("label").textContent,
  }));

  let content = null; // what /p/form gives out: rules, messages, keys
  let today = ""; // by the clock of the server
  let paper = null; // the form in hand: code, submission, first and second keying, what is sent
  let pass = "first"; // first, again, resolve, edit
  let secondName = "";

  // ---- what is typed

  const isBlank = (row) => ["", "-"].includes(row.field.value.trim());
  const texts = () => Object.fromEntries(rows.map((row) => [row.name, row.field.value]));
  const fill = (typed) => { for (const row of rows) row.field.value = typed[row.name] || ""; };

  function numbersIn(row, value) {
    if (!row.isMany) return [value];
    const apart = value.split(/[\s,;.]+/).filter(Boolean);
    return apart.length === 1 && row.choices.length <= 9 ? [...value] : apart;
  }

  // The fields of a row as a respondent's page would have them; a number that no choice has is a fault afterwards.
  function fieldsOf(row) {
    if (isBlank(row)) return [];
    const value = row.field.value.trim();
    if (!row.choices.length) return [value];
    const numbers = numbersIn(row, value);
    const nameOf = (number) => (/^\d{1,3}$/.test(number) && row.choices[number - 1] ? row.choices[number - 1].dataset.choice : `?${number}`);
    if (row.kind !== "rank") return numbers.map(nameOf);
    return numbers.map((place, at) => (row.choices[at] ? `${place}:${row.choices[at].dataset.choice}` : "?"));
  }

  function assess() {
    const raw = Object.fromEntries(rows.map((row) => [row.name, fieldsOf(row)]));
    const state = surveyForm.assess(content.rules, raw, today);
    state.asked = new Set(state.screens.flatMap((screen) => screen.questions.map((question) => question.name)));
    return state;
  }

  // What is wrong with a row, "" for nothing. A blank is what the paper shows, so it is never wrong.
  function faultOf(row, state) {
    if (pass === "resolve") {
      if (row.box.hidden) return "";
      if (!row.field.value.trim() && !row.isText) return words.mustType;
      return row.kind !== "rank" && fieldsOf(row).some((one) => one.startsWith("?") && row.choices.length) ? words.noChoice : "";
    }
    if (isBlank(row) || !state.asked.has(row.name)) return "";
    const kind = state.faults[row.name];
    const said = (content.messages[row.name] || {})[kind];
    if (kind === "constraint") return `${said} ${words.constraint}`;
    if (kind && (kind !== "required" || row.kind === "acknowledge")) return (kind !== "required" && said) || words.noChoice;
    return state.live[row.name] === undefined ? words.notOffered : "";
  }

  function sayFault(row, text) {
    row.wrong.textContent = text;
    row.wrong.hidden = !text;
    if (text) row.field.setAttribute("aria-invalid", "true");
    else row.field.removeAttribute("aria-invalid");
    row.field.setAttribute("aria-describedby", text ? row.wrong.id : "");
  }

  // Marks the choices that the numbers stand for, and the rows that this person is not asked.
  function draw() {
    const state = assess();
    for (const row of rows) {
      const isOff = pass !== "resolve" && !state.asked.has(row.name);
      if (row.field.disabled !== isOff) {
        row.field.disabled = isOff;
        row.field.placeholder = isOff ? words.notAsked : "";
        row.box.classList.toggle("off", isOff);
      }
      const chosen = new Set(fieldsOf(row).map((one) => (row.kind === "rank" ? one.split(/:(.*)/s)[1] : one)));
      for (const choice of row.choices) choice.classList.toggle("chosen", !isOff && chosen.has(choice.dataset.choice));
      if (!row.wrong.hidden) sayFault(row, faultOf(row, state));
    }
    return state;
  }

  // ---- moving about

  function show(name) {
    for (const [one, part] of parts) part.hidden = one !== name;
    const heading = parts.get(name).querySelector("h2");
    if (heading) heading.focus();
    scrollTo(0, 0);
  }

  function begin(kind, typed) {
    pass = kind;
    fill(typed);
    const resolving = kind === "resolve";
    for (const heading of headings) heading.hidden = resolving;
    for (const row of rows) {
      row.box.hidden = resolving && !paper.differing.has(row);
      row.twice.hidden = !resolving;
      sayFault(row, "");
    }
    form.querySelector("[data-resolve]").hidden = !resolving;
    for (const one of form.querySelectorAll("[data-whole]")) one.hidden = resolving;
    const titles = { again: words.keyingAgain.replace("{name}", secondName), resolve: words.resolving.replace("{n}", resolving ? paper.differing.size : 0) };
    form.querySelector("[data-pass]").textContent = titles[kind] || words.keying;
    show("key");
    draw();
    goTo(open()[0]);
  }

  const open = () => rows.filter((row) => !row.field.disabled && !row.box.hidden);

  function goTo(row) {
    if (!row) return;
    row.field.focus({ preventScroll: true });
    row.field.select();
    row.box.scrollIntoView({ block: "nearest" }); // the margins of the row keep its neighbours in sight
  }

  function step(row, by) {
    const there = open();
    const at = there.indexOf(row) + by;
    if (at >= there.length) finish();
    else if (at >= 0) goTo(there[at]);
  }

  function leave(row) {
    const text = faultOf(row, assess());
    sayFault(row, text);
    if (text) row.field.select();
    else step(row, 1);
  }

  form.addEventListener("input", draw);
  form.addEventListener("keydown", (event) => {
    const row = rows.find((one) => one.field === event.target);
    if (!row) return;
    const enters = event.key === "Enter" && !event.shiftKey;
    const moves = !row.isText && ["ArrowDown", "ArrowUp"].includes(event.key);
    if (!enters && !moves) return;
    event.preventDefault();
    if (event.repeat && enters) return; // a key held down would run through the form
    if (event.key === "ArrowUp") step(row, -1);
    else if (enters) leave(row);
    else if (open().at(-1) !== row) step(row, 1);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); finish(); });
  form.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-choice]");
    const row = choice && rows.find((one) => one.choices.includes(choice));
    if (!row || row.field.disabled || row.kind === "rank") return;
    const number = String(row.choices.indexOf(choice) + 1);
    const before = row.isMany && !isBlank(row) ? numbersIn(row, row.field.value.trim()) : [];
    row.field.value = before.includes(number) ? before.filter((one) => one !== number).join(" ") : [...before, number].join(" ");
    draw();
    row.field.focus();
  });

  // ---- the end of a keying

  function finish() {
    status.textContent = "";
    const state = draw();
    const faulty = open().filter((row) => { const text = faultOf(row, state); sayFault(row, text); return text; });
    if (faulty.length) { goTo(faulty[0]); return; }
    if (pass === "first") {
      paper.first = { typed: texts(), state };
      paper.isTwice ??= chance(paper.share); // drawn here, so that nobody keys with more care for knowing it
      if (paper.isTwice) askSecond();
      else review();
    } else if (pass === "again") compare(state);
    else if (pass === "resolve") { begin("edit", texts()); review(); }
    else review();
  }

  function askSecond() {
    parts.get("second").elements.name.value = secondName;
    fill({});
    show("second");
    parts.get("second").elements.name.focus();
  }

  parts.get("second").addEventListener("submit", async (event) => {
    event.preventDefault();
    const second = parts.get("second");
    const { status: answer, told } = await ask(root.dataset.second, second);
    const why = answer === 200 ? "" : told.message || words.lost;
    second.querySelector("[data-why]").textContent = why;
    if (why) { second.elements.name.focus(); return; }
    secondName = second.elements.name.value.trim().replace(/\s+/g, " ");
    begin("again", {});
  });

  const comparable = (answer) => JSON.stringify(Array.isArray(answer) ? answer.map(String) : answer ?? "");
  const inOrder = (row, answer) => (row.kind === "select_multiple" && answer ? [...answer].sort() : answer);

  function compare(state) {
    const { typed, state: before } = paper.first;
    const asked = rows.filter((row) => before.asked.has(row.name) || state.asked.has(row.name));
    const values = (row) => [before.live[row.name], state.live[row.name]].map((answer) => inOrder(row, answer));
    const differing = asked.filter((row) => { const [a, b] = values(row); return comparable(a) !== comparable(b); });
    const counted = (list) => list.filter((row) => !row.isText).length; // words are never alike to the letter
    paper.twice = { compared: counted(asked), differed: counted(differing) };
    paper.differing = new Set(differing);
    if (!differing.length) { begin("edit", typed); review(); return; }
    for (const row of differing) {
      const first = words.first.replace("{words}", wordsOf(row, before.live[row.name], typed[row.name]));
      row.twice.textContent = `${first} · ${words.again.replace("{words}", wordsOf(row, state.live[row.name]))}`;
    }
    const blank = Object.fromEntries(differing.map((row) => [row.name, row.isText ? typed[row.name] : ""]));
    begin("resolve", { ...typed, ...blank });
  }

  // ---- the whole form on one screen

  function wordsOf(row, answer, text = row.field.value) {
    if (answer === undefined) return words.blank;
    if (row.kind === "acknowledge") return words.confirmed;
    if (!row.choices.length) return text.trim();
    const labels = new Map(row.choices.map((choice) => [choice.dataset.choice, `${choice.querySelector(".key").textContent} – ${choice.querySelector(".words").textContent}`]));
    const chosen = (Array.isArray(answer) ? answer : [answer]).map((name) => labels.get(name));
    return row.kind === "rank" ? chosen.map((text, at) => `${at + 1}. ${text.split(" – ").slice(1).join(" – ")}`).join("; ") : chosen.join("; ");
  }

  function review() {
    const state = draw();
    const faulty = rows.filter((row) => faultOf(row, state));
    if (faulty.length) {
      for (const row of faulty) sayFault(row, faultOf(row, state));
      goTo(faulty[0]);
      return;
    }
    paper.answers = state.answers;
    const body = parts.get("review").querySelector("tbody");
    body.replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      const isAsked = state.asked.has(row.name);
      const given = isAsked ? wordsOf(row, state.live[row.name]) : words.notAsked;
      for (const [text, look] of [[row.number, "num"], [row.label, ""], [given, isAsked && state.live[row.name] !== undefined ? "" : "none"]]) {
        line.append(Object.assign(document.createElement("td"), { textContent: text, className: look }));
      }
      return line;
    }));
    sayReview("");
    show("review");
  }

  function sayReview(text) {
    const why = parts.get("review").querySelector("[data-why]");
    why.textContent = text;
    why.hidden = !text;
  }

  parts.get("review").addEventListener("submit", (event) => { event.preventDefault(); send(); });
  addEventListener("keydown", (event) => {
    if (parts.get("review").hidden || event.repeat) return;
    if (event.key === "Escape") edit();
    else if (event.key === "Enter" && event.ctrlKey) send();
  });

  function edit() {
    if (!paper.isSent) begin("edit", texts()); // what may have arrived is not changed any more
  }

  // ---- sealing and sending

  async function sealed() {
    const { code, submission, twice, answers } = paper;
    const told = { code, submission, ...(twice ? { keyed_twice: twice } : {}) };
    if (!isSecureContext || !globalThis.crypto.subtle) return { ...told, answers }; // the server seals, as for pages without script
    const payload = { v: 1, questionnaire: content.version, ...surveyForm.ratingsOf(content, answers) };
    const bytes = new TextEncoder().encode(JSON.stringify(payload));
    const keys = content.keys.map(surveySealing.fromText);
    const envelope = await surveySealing.seal(bytes, keys, content.round, content.key_mode, content.size);
    return { ...told, questionnaire: content.version, envelope: surveySealing.toText(envelope) };
  }

  async function send() {
    const button = parts.get("review").querySelector("[data-send]");
    if (button.disabled) return;
    button.disabled = true;
    paper.body ||= await sealed(); // the very same bytes again, so that they are known for a repetition
    paper.isSent = true;
    const { status: answer, content: told } = await device.post("/p/answers", paper.body);
    button.disabled = false;
    if (answer === 200) { done(); return; }
    const refused = { slip_not_ticked: words.tooMany, closed: words.closed, invalid: words.faulty }[told.error];
    sayReview(refused || words.unsure);
    if (refused) { paper.isSent = false; paper.body = null; } else button.querySelector("span").textContent = button.dataset.again;
    parts.get("review").querySelector("[data-act=edit]").hidden = !refused;
  }

  function done() {
    const button = parts.get("review").querySelector("[data-send]");
    button.querySelector("span").textContent = button.dataset.label;
    parts.get("review").querySelector("[data-act=edit]").hidden = false;
    parts.get("review").querySelector("tbody").replaceChildren();
    for (const row of rows) row.twice.textContent = "";
    fill({});
    paper = null;
    status.textContent = words.sent;
    next();
  }

  // ---- the next form

  async function ask(address, fields) {
    try {
      const answer = await fetch(address, { method: "POST", body: new FormData(fields), headers: { Accept: "application/json" } });
      if (answer.redirected || answer.status === 400) return { status: 401, told: { message: words.signedOut } };
      return { status: answer.status, told: await answer.json() };
    } catch { return { status: 0, told: {} }; }
  }

  async function next() {
    show("wait");
    const { status: answer, told } = await ask(root.dataset.next, form);
    if (told.over) { sayCount(); status.textContent = ""; show("over"); return; }
    if (answer !== 200) { stop(told.message || words.lost); return; }
    const { status: given, content: fresh } = await device.post("/p/form", { code: told.code, language: root.dataset.language, have: content ? content.etag : "" });
    if (given !== 200) { stop(fresh.message || words.lost); return; }
    if (!fresh.unchanged) content = fresh;
    today = fresh.day;
    const number = crypto.getRandomValues(new Uint8Array(16));
    paper = {
      code: told.code, share: told.second_needed / told.waiting,
      submission: [...number].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    };
    sayCount(told);
    begin("first", {});
  }

  const chance = (share) => crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32 < share;

  let all = 0;
  function sayCount(told) {
    const count = document.querySelector("[data-count]");
    all = told ? told.ticked : all;
    if (all) count.textContent = count.dataset.words.replace("{n}", told ? told.keyed : all).replace("{all}", all);
  }

  function stop(why) {
    parts.get("stopped").querySelector("[data-why]").textContent = why;
    show("stopped");
  }

  const ACTS = { next, edit, clear: () => { fill({}); draw(); goTo(open()[0]); } };
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button) ACTS[button.dataset.act]();
  });
  addEventListener("beforeunload", (event) => {
    if (paper && (paper.isSent || paper.first || rows.some((row) => row.field.value))) event.preventDefault();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  const sendButton = parts.get("review").querySelector("[data-send]");
  sendButton.dataset.label = sendButton.querySelector("span").textContent;
  next();
})();
