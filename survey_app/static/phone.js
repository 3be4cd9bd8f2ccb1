// Answers a questionnaire on the phone itself: one question a screen, with or without network. The screens are the
// <template>s of the page that the server drew (respondent/phone.html); what is kept and sent is the work of device.js.
// Without WebCrypto (plain http), or in a browser too old, nothing here starts, and the pages are posted one by one.
(() => {
  "use strict";
  const modern = Object.hasOwn && globalThis.BroadcastChannel && globalThis.SubmitEvent && "submitter" in SubmitEvent.prototype;
  if (!isSecureContext || !globalThis.crypto || !crypto.subtle || !globalThis.indexedDB || !modern) return;
  const device = surveyDevice;
  const GIVE_UP = 8000; // after so long «saved, not sent» is said, while the sending goes on
  const AGAIN = 30000;
  const DOUBLE_TAP = 400;
  const IDLE = 3000; // what is asked comes before what may be wanted
  const NOT_NOW = Symbol("not now");
  const ENDED = ["answered", "void", "cancelled", "closed"]; // why a code leads nowhere any more
  const inZalo = /zalo/i.test(navigator.userAgent);
  const onAndroid = /android/i.test(navigator.userAgent);
  const codeForm = document.getElementById("code-form");
  // A device for many persons (desk.js): answers live in this page's memory only, and no address leads back to them.
  const desk = codeForm && codeForm.dataset.desk;
  const carryingKey = codeForm && codeForm.dataset.carryingKey;
  const channel = new BroadcastChannel("survey");

  let my = null; // the questionnaire in hand: code, id, form, content, draft, keeps, at (name of the screen)
  let templates = templatesIn(document);
  const lastScreens = desk ? [...templates].filter(([name]) => name.startsWith("desk-")) : [];
  let facts = {};
  let pending = Promise.resolve();
  let unsaved = null; // fields that are not yet in the kept draft; null when nothing is being written
  let asked = false;

  // ---- small parts of pages

  function templatesIn(page) {
    return new Map([...page.querySelectorAll("template[id]")].map((template) => [template.id, template]));
  }

  const copyOf = (name) => document.importNode(templates.get(name).content, true);
  const byId = (id) => document.getElementById(id);
  const words = () => byId("words").dataset;

  // What the page says of its round above everything: a training or a demonstration round.
  const roundNotes = () => [...document.querySelectorAll("header > .demo:not([id])")];

  // The page that lies here for times without network is of no round: a sealed answer brings the words of its own.
  function sayRoundNotes(texts) {
    if (roundNotes().length) return;
    document.querySelector("header").append(...texts.map((text) => Object.assign(document.createElement("p"), { className: "demo", textContent: text })));
  }

  // Puts values for {name} into the texts of a part.
  function fill(part, values) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.data.includes("{")) node.data = node.data.replace(/\{(\w+)\}/g, (all, name) => (Object.hasOwn(values, name) ? values[name] : all));
    }
    return part;
  }

  const title = (text, round = true) => { document.title = round && my && my.roundTitle ? `${text} – ${my.roundTitle}` : text; };

  function put(main, actions) {
    byId("main").replaceChildren(main);
    if (byId("actions")) byId("actions").replaceChildren(...(actions ? [actions] : []));
  }

  function atTop(focused) {
    scrollTo(0, 0);
    (focused || byId("main")).focus({ preventScroll: true });
  }

  // ---- code page

  // With the key of a QR code of another device, until its answers are here.
  const remember = (code, resume) => {
    if (!desk) try { sessionStorage.setItem("code", resume ? `${code}~${resume}` : code); } catch { /* a reload asks for the code */ }
  };
  const forget = () => { try { sessionStorage.removeItem("code"); } catch { /* nothing was kept */ } };
  const remembered = () => { if (desk) return null; try { return sessionStorage.getItem("code"); } catch { return null; } };

  function sayAtCode(text) {
    codeForm.querySelector("[data-say]").textContent = "";
    const old = codeForm.querySelector(".panel.err");
    if (old) old.remove();
    const panel = copyOf("code-fault");
    panel.querySelector("a").textContent = text;
    codeForm.prepend(panel);
    codeForm.elements.code.setAttribute("aria-invalid", "true");
    codeForm.querySelector(".panel.err").focus();
  }

  // The server's own page says why a code does not lead on.
  function leaveToServer() {
    forget();
    codeForm.elements.code.value = my ? my.code : codeForm.elements.code.value;
    codeForm.hidden = true;
    document.body.append(codeForm);
    codeForm.submit();
  }

  // What cannot be a code is said at once: nothing is opened, and the server is not asked.
  function openTyped(typed) {
    const code = surveyCode.read(typed);
    const { linked = "", resume = "" } = codeForm.elements.code.dataset;
    if (!code) { sayAtCode(codeForm.dataset.unknown); return; }
    openCode(code, surveyCode.read(linked) === code ? resume : "").catch(() => (desk ? sayAtCode(codeForm.dataset.busy) : leaveToServer()));
  }

  async function openCode(code, resume) {
    codeForm.querySelector("[data-say]").textContent = codeForm.dataset.opening;
    const id = await device.idOf(code);
    const keeps = await device.canKeep();
    const sealed = await device.loadSealed(id);
    if (desk) { await openAtDesk(code, id, sealed); return; }
    my = { code, id, keeps, depth: 0 };
    if (sealed) { showSealed(sealed); return; }
    remember(code, resume); // before anything can fail: with no network yet, people pull the page down to load it again
    const kept = await device.loadDraft(id, code);
    const form = await device.loadForm(id);
    const carried = resume && (await fetchCarried(code, resume));
    if (carried === NOT_NOW) { my = null; sayAtCode(codeForm.dataset.notCarried); return; }
    const draft = carried ? { ...newDraft(carried.language), ...kept, ...carried, raw: { ...(kept || {}).raw, ...carried.raw }, resume } : kept;
    my.fromElsewhere = Boolean(carried);
    const language = (draft && draft.language) || codeForm.elements.language.value;
    if (form && draft) {
      begin(form, draft, form.pages[language] ? language : form.last);
      refresh();
      return;
    }
    const { status, content } = await device.fetchForm("/p/form", { code, language });
    if (status === 200) {
      const fresh = newForm(id, content);
      await keepForm(fresh);
      begin(fresh, draft || newDraft(content.language), content.language);
    } else if (form && (status === 0 || status >= 500)) {
      begin(form, newDraft(form.last), form.last);
    } else if (status === 404) { forget(); sayAtCode(codeForm.dataset.unknown); }
    else if (status === 0 || status === 502 || status === 504) sayAtCode(codeForm.dataset.noNetwork);
    else {
      if (!draft && ENDED.includes(content.error)) await device.erase(id); // a questionnaire that was opened and left
      leaveToServer();
    }
  }

  // The next person on a device for many: nothing of an earlier visit is taken up. Without network the questionnaire that
  // the device keeps is asked; whether the code is of its group is known when the answer is sent.
  async function openAtDesk(code, id, sealed) {
    const say = codeForm.dataset;
    if (sealed) { sayAtCode({ waiting: say.kept, slip: say.kept, sent: say.answered }[sealed.state] || say.refused); return; }
    const language = codeForm.elements.language.value;
    const { status, content } = await device.fetchForm("/p/form", { code, language });
    const kept = status === 0 || status >= 500 ? await device.loadForm(say.formId || "") : null;
    const form = status === 200 ? newForm(id, content) : kept;
    if (!form) {
      const why = { unknown: say.unknown, answered: say.answered, void: say.void, closed: say.closed, cancelled: say.cancelled, not_open: say.notOpen };
      sayAtCode(why[content.error] || (status === 0 || status >= 500 ? say.noNetwork : say.busy));
      return;
    }
    my = { code, id, keeps: true, depth: 0, unchecked: form === kept };
    const shown = form.pages[language] ? language : form.last;
    begin(form, newDraft(shown), shown);
  }

  // What another device has answered under the same code; the code alone never opens it.
  async function fetchCarried(code, key) {
    const { status, content } = await device.post("/p/resume/fetch", { code, resume: await device.resumeId(key) });
    if (status !== 200 && ["busy", "too_many", undefined].includes(content.error)) return NOT_NOW; // the key stays in the page: «Tiếp tục» tries again
    try {
      if (status === 200) return await device.openResume(key, surveySealing.fromText(content.sealed));
    } catch { /* another key, or damaged */ }
    my.notCarried = true;
    return null;
  }

  function newDraft(language) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const submission = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return { submission, language, at: "start", raw: {} };
  }

  function newForm(id, content) {
    const form = { id, last: content.language, pages: { [content.language]: content } };
    device.noteDay(form, content.day);
    return form;
  }

  async function keepForm(form) {
    if (desk) return;
    try { await device.saveForm(form); } catch { my.keeps = false; }
  }

  // Keys and texts may have changed since the questionnaire was kept; a code may have been spent or voided elsewhere.
  async function refresh() {
    const { form, content, id } = my;
    const answer = await device.fetchForm("/p/form", { code: my.code, language: content.language, have: content.etag });
    if (!my || my.id !== id || my.over) return;
    if (answer.status === 200) {
      device.noteDay(form, answer.content.day);
      if (!answer.content.unchanged) form.pages[content.language] = answer.content;
      await keepForm(form);
    } else if (ENDED.includes(answer.content.error) && !(await device.loadSealed(id))) showEnded(answer.content.error);
  }

  // The code takes no answer any more: what was answered here can only be erased, and only its owner does that.
  function showEnded(reason) {
    my.over = true;
    my.draft = null;
    my.ended = reason;
    forgetHistory();
    showOutcome("ended");
  }

  // Who goes on from an answer may want the other languages and the promise without network: then, and not on the first
  // visit of somebody who only looks. What did not come is asked for after the next question.
  async function fetchAhead() {
    if (my.fetchesAhead) return;
    my.fetchesAhead = true;
    await new Promise((resolve) => { setTimeout(resolve, IDLE); });
    const buttons = [...document.querySelectorAll(".languages button[name=switch]")];
    for (const { value } of buttons) if (my && !my.over) await languagePage(value);
    const worker = navigator.serviceWorker && (await navigator.serviceWorker.getRegistration().catch(() => null));
    if (worker && worker.active) worker.active.postMessage("ahead");
    if (my) my.fetchesAhead = Boolean(worker && worker.active) && buttons.every(({ value }) => my.form.pages[value]);
  }

  // Small pictures and recordings come then too; with the worker they are there without network, the others once played.
  async function fetchSmallMedia() {
    if (!navigator.serviceWorker || !navigator.serviceWorker.controller) return;
    for (const { content } of [...templates.values()]) {
      for (const one of content.querySelectorAll("[data-small]")) await fetch(one.getAttribute("src"), { credentials: "omit" });
    }
  }

  async function languagePage(language) {
    const { form, code } = my;
    if (!form.pages[language]) {
      const { status, content } = await device.fetchForm("/p/form", { code, language });
      if (status !== 200) return null;
      form.pages[language] = content;
      if (!my.over) await keepForm(form);
    }
    return form.pages[language];
  }

  // ---- the questionnaire

  function begin(form, draft, language) {
    remember(my.code);
    Object.assign(my, { form, draft });
    mount(form.pages[language]);
    if (desk) history.pushState(null, ""); // «Back» of the browser stays on this page: popstate below
    else history.replaceState({ at: draft.at, depth: 0 }, "", location.pathname + location.search);
    orderChoices().then(() => {
      show(my.fromElsewhere ? firstUnanswered() : draft.at);
      keepDraft(draft.raw);
      startWorker();
      if (Object.keys(draft.raw).length) fetchAhead();
    });
  }

  // The page of a language takes the place of the whole body; its screens stay in its templates.
  function mount(content) {
    const page = new DOMParser().parseFromString(content.html, "text/html");
    templates = new Map([...lastScreens, ...templatesIn(page)]);
    if (desk) templates.get("question-actions").content.querySelector("[data-act=elsewhere]").remove(); // nothing goes on from here
    my.content = content;
    my.roundTitle = page.title.split(" – ").slice(1).join(" – ");
    facts = { ...content.facts, code: my.code.replace(/(.{4})(?=.)/g, "$1-") };
    document.documentElement.lang = page.documentElement.lang;
    const wordsOfPage = page.getElementById("words");
    document.body.replaceWith(document.adoptNode(page.body));
    document.body.append(wordsOfPage);
    byId("page").addEventListener("submit", onSubmit);
    byId("page").addEventListener("input", onInput);
    surveyPage.addSizes();
  }

  const assess = () => surveyForm.assess(my.content.rules, my.draft.raw, device.today(my.form));

  // Shuffled lists: another order for each answer, the same on every screen of it. «Không biết» stays last.
  async function orderChoices() {
    my.order = {};
    const shuffle = async (items) => {
      for (const item of items) {
        if (item.kind === "group") await shuffle(item.items);
        else if (item.parameters && item.parameters.randomize === "true" && !item.parameters.seed) {
          const places = await Promise.all(my.content.rules.lists[item.list].map(async ({ name }) =>
            [name === "KB" ? "~" : await device.idOf(`${my.draft.submission}/${item.name}/${name}`), name]));
          my.order[item.name] = places.sort().map(([, name]) => name);
        }
      }
    };
    await shuffle(my.content.rules.items);
  }

  function show(at, tried = false) {
    const state = assess();
    const screen = at === "start" || at === "review" ? null : nearest(at, state.screens);
    my.at = screen ? screen.name : at === "start" ? at : "review";
    my.draft.at = my.at;
    my.aside = false;
    if (my.at === "start") showStart(state);
    else if (my.at === "review") showReview(state, tried);
    else showScreen(screen, state);
    sayState();
  }

  // Where somebody goes on who comes from another device: the first question without an answer; or the one that was being
  // answered there, when it is the last that has one.
  function firstUnanswered() {
    const { screens, live, faults } = assess();
    const answered = screens.map((screen) => screen.questions.some((question) => surveyForm.isAnswered(question) && live[question.name] !== undefined)).lastIndexOf(true);
    const left = screens.findIndex((screen) => screen.name === my.draft.at);
    const after = left < answered ? answered + 1 : left;
    const open = screens.findIndex((screen) => screen.questions.some((question) => faults[question.name]));
    const next = screens[open < 0 ? after : Math.min(open, after)];
    return next ? next.name : "review";
  }

  // The screen of that name; where an answer has taken it off the path meanwhile, the next one as written.
  function nearest(name, screens) {
    const written = namesOf(my.content.rules.items);
    const from = written.indexOf(name);
    return screens.find((screen) => written.indexOf(screen.name) >= from);
  }

  const namesOf = (items) => items.flatMap((item) => [item.name, ...(item.kind === "group" ? namesOf(item.items) : [])]);

  function go(at, backToReview = false) {
    my.toReview = backToReview;
    my.notCarried = false; // it was said; what is answered from here on counts
    if (!desk) {
      my.depth = (my.depth || 0) + 1;
      history.pushState({ at, depth: my.depth, backToReview }, "");
    }
    show(at);
    keepDraft({});
  }

  function back() {
    takeFields();
    if (my.depth > 0) { history.back(); return; }
    const { screens } = assess();
    const place = my.at === "review" ? screens.length : screens.findIndex((screen) => screen.name === my.at);
    const at = place > 0 ? screens[place - 1].name : "start";
    if (!desk) history.replaceState({ at, depth: 0 }, "");
    my.toReview = false;
    show(at);
    keepDraft({});
  }

  function showStart({ screens }) {
    byId("place").replaceChildren();
    const main = copyOf("start");
    if (Object.keys(my.draft.raw).length && screens.length) main.prepend(copyOf("resume"));
    if (inZalo) main.prepend(wayOutOfZalo());
    if (my.unchecked) main.prepend(fill(copyOf("unchecked"), facts));
    put(main, copyOf("start-actions"));
    title(main.querySelector ? byId("main").querySelector("h1").textContent : "");
    atTop();
  }

  // Android takes what stands after the last «#» as the intent and gives the browser all before it, so the code stays behind
  // a «#» there too and reaches no server. The way back, for phones without Chrome, bears no code.
  function wayOutOfZalo() {
    const panel = fill(copyOf("zalo"), facts);
    for (const part of panel.querySelectorAll("[data-zalo]")) if ((part.dataset.zalo === "android") !== onAndroid) part.remove();
    const link = panel.querySelector("[data-chrome]");
    const back = encodeURIComponent(`${location.origin}/p`);
    if (link) link.href = `intent://${location.host}/p#${my.code}#Intent;scheme=${location.protocol.slice(0, -1)};package=com.android.chrome;S.browser_fallback_url=${back};end`;
    return panel;
  }

  // ---- one screen of questions

  const partOf = (name) => byId(`q-${name}`) || byId("main").querySelector(`[name="${name}"]`);
  const boxOf = (name) => partOf(name).closest("fieldset, .field") || partOf(name);

  // The words of an answer: of its choices as the screen shows them, a date as day/month/year, a number as people write it.
  function wordsOf(question, answer) {
    const template = templates.get(`q/${question.name}`);
    if (["select_one", "select_multiple", "rank"].includes(question.kind)) {
      const labels = choiceWords(question, template.content);
      return (Array.isArray(answer) ? answer : [answer]).filter((name) => labels.has(name)).map((name) => labels.get(name));
    }
    if (typeof answer === "number") return [surveyExpression.asText(answer).replace(".", my.content.language === "en" ? "." : ",")];
    const date = question.kind === "date" && /^(\d{4})-(\d\d)-(\d\d)$/.exec(answer);
    return [date ? `${date[3]}/${date[2]}/${date[1]}` : answer];
  }

  function choiceWords(question, part) {
    if (question.kind === "rank") {
      return new Map([...part.querySelectorAll("select")].map((field) => {
        const choice = field.querySelector("option:last-child").value.split(/:(.*)/s)[1];
        return [choice, field.closest("p").querySelector("label").textContent];
      }));
    }
    return new Map([...part.querySelectorAll(".card input")].map((field) => [field.value, field.closest(".card").querySelector(".words").textContent]));
  }

  // Answers in the texts of a question: ${name} shows what was answered there.
  function fillAnswers(part, live) {
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.data.includes("${")) node.data = withAnswers(node.data, live);
    }
  }

  const withAnswers = (text, live) => text.replace(/\$\{\s*([A-Za-z_][\w.-]*)\s*\}/g, (_all, name) => {
    const question = questionNamed(my.content.rules.items, name);
    return question && live[name] !== undefined ? wordsOf(question, live[name]).join(", ") : "";
  });

  function questionNamed(items, name) {
    for (const item of items) {
      const found = item.kind === "group" ? questionNamed(item.items, name) : item.name === name && item;
      if (found) return found;
    }
    return null;
  }

  function questionPart(question, live) {
    const part = copyOf(`q/${question.name}`);
    if (!templates.has(`q/${question.name}`)) return part;
    if (["select_one", "select_multiple", "rank"].includes(question.kind)) arrange(part, question);
    fillAnswers(part, live);
    const output = part.querySelector("output");
    if (output) output.textContent = live[question.name] === undefined ? "" : surveyExpression.asText(live[question.name]);
    const typed = my.draft.raw[question.name];
    if (typed) for (const field of part.querySelectorAll(`[name="${question.name}"]`)) fillField(field, typed);
    return part;
  }

  // Only the choices that the filter leaves, in the order of this answer.
  function arrange(part, question) {
    const offered = new Set(question.offered.map((choice) => choice.name));
    const cards = new Map([...part.querySelectorAll(".card input, .ranked select")].map((field) => {
      const name = field.matches("select") ? field.querySelector("option:last-child").value.split(/:(.*)/s)[1] : field.value;
      return [name, field.closest(".card, .ranked")];
    }));
    for (const [name, card] of cards) if (!offered.has(name)) card.remove();
    const order = my.order[question.name];
    if (!order) return;
    const kept = order.map((name) => cards.get(name)).filter((card) => card && card.parentNode);
    const last = kept.length && kept[0].parentNode.querySelector(".or");
    for (const card of kept) (last && card.classList.contains("apart") ? last.parentNode.append(last, card) : card.parentNode.insertBefore(card, last || null));
  }

  function fillField(field, typed) {
    if (field.type === "radio" || field.type === "checkbox") field.checked = typed.includes(field.value);
    else if (field.matches("select")) field.value = [...field.options].map((option) => option.value).find((value) => value && typed.includes(value)) || "";
    else field.value = typed.length ? typed[typed.length - 1] : "";
  }

  function showScreen(screen, state) {
    const main = document.createDocumentFragment();
    const heading = screen.title.map((name) => my.content.titles[name]).find(Boolean) || "";
    if (screen.questions.length > 1 && heading && !isMatrix(screen)) main.append(Object.assign(document.createElement("h1"), { textContent: heading }));
    const parts = screen.questions.map((question) => questionPart(question, state.live));
    if (isMatrix(screen)) parts.splice(0, parts.length, boxed([...parts, copyOf("matrix-fill")]));
    main.append(copyOf("about"), ...parts);
    const bar = copyOf("place-bar");
    const count = bar.querySelector("[data-count]");
    bar.querySelector("[data-title]").textContent = heading;
    if (screen.total) count.textContent = count.dataset.count.replace("{n}", screen.first).replace("{total}", screen.total);
    bar.querySelector("progress").max = state.screens.length;
    bar.querySelector("progress").value = screen.number - 1;
    title(count.textContent || heading);
    byId("place").replaceChildren(bar);
    put(main, copyOf("question-actions"));
    my.seen = { ...my.draft.raw };
    surveyPage.addCounters(byId("main"));
    atTop();
  }

  // One question asked about many units: a table on a wide screen, cards on a phone.
  const isMatrix = (screen) => Boolean(screen.questions[0].rated_name) && !screen.questions[0].rated_unit;

  function boxed(parts) {
    const box = Object.assign(document.createElement("div"), { className: "matrix" });
    box.append(...parts);
    if (!box.querySelector("input[value=KB]")) box.querySelector("[data-act=fill]").remove();
    return box;
  }

  // «Không biết» for every unit that has no answer yet: nobody should have to press dozens of times for that.
  function fillRows() {
    for (const row of document.querySelectorAll(".matrix .row")) {
      const dontKnow = row.querySelector("input[value=KB]");
      if (dontKnow && !row.querySelector("input:checked")) dontKnow.checked = true;
    }
    keepDraft(takeFields());
  }

  // The fields of the present screen, as typed, into the draft.
  function takeFields() {
    const screen = my && !my.over && !my.aside && assess().screens.find((one) => one.name === my.at);
    if (!screen) return {};
    const fields = new FormData(byId("page"));
    const change = {};
    for (const { name } of screen.questions.filter(surveyForm.isAnswered)) {
      const given = fields.getAll(name);
      if (JSON.stringify(given) !== JSON.stringify(my.seen[name])) change[name] = given; // else another tab may know better
      my.seen[name] = given;
    }
    Object.assign(my.draft.raw, change);
    return change;
  }

  // Writes at once, over what another tab may have written meanwhile; what changes while it writes goes with the next turn.
  function keepDraft(change) {
    const writes = unsaved !== null;
    unsaved = { ...unsaved, ...change };
    if (!writes) pending = writeDraft(my);
  }

  async function writeDraft({ id, code, draft }) {
    await null; // what the same event changes belongs to this turn
    if (desk) unsaved = {};
    let keptPlace = desk ? `${draft.at} ${draft.language}` : "";
    while (Object.keys(unsaved).length || keptPlace !== `${draft.at} ${draft.language}`) {
      const change = unsaved;
      const { submission, language, at, resume } = draft;
      unsaved = {};
      try {
        const kept = await device.saveDraft(id, code, (old) => ({
          submission: old.submission || submission, language, at, resume: resume || old.resume,
          raw: { ...(old.raw || draft.raw), ...change },
        }));
        draft.submission = kept.submission;
        Object.assign(draft.raw, kept.raw, unsaved); // with what another tab has changed meanwhile
      } catch {
        my.keeps = false; // the answers live as long as the page
      }
      keptPlace = `${at} ${language}`;
    }
    unsaved = null;
    sayState();
  }

  function onInput(event) {
    if (!event.target.name || !my || my.over) return;
    if (!asked && navigator.storage && navigator.storage.persist) { asked = true; navigator.storage.persist().catch(() => {}); }
    keepDraft(takeFields());
  }

  function faultWords(question, kind, live) {
    const messages = my.content.messages[question.name] || {};
    return withAnswers(messages[kind] || messages.required || "", live);
  }

  function showFaults(questions, state) {
    for (const old of byId("main").querySelectorAll(".panel.err, p.fault")) old.remove();
    for (const field of byId("main").querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    const panel = fill(copyOf("faults"), { n: questions.length });
    const onlyBlank = questions.every((question) => state.faults[question.name] === "required");
    panel.querySelector(onlyBlank ? "[data-wrong]" : "[data-blank]").remove();
    if (questions[0].rated_unit) panel.querySelector("h2").textContent = words().rows.replace("{n}", questions.length);
    for (const question of questions) {
      const text = faultWords(question, state.faults[question.name], state.live);
      const field = byId("main").querySelector(`[name="${question.name}"]`);
      panel.querySelector("ul").append(document.createElement("li"));
      panel.querySelector("li:last-child").append(Object.assign(document.createElement("a"), { href: `#${field.id}`, textContent: text }));
      const box = boxOf(question.name);
      (box.matches("fieldset") ? box : field).setAttribute("aria-invalid", "true");
      const hints = byId(`q-${question.name}-more`);
      const sentence = question.rated_unit ? words().row : text;
      hints.insertBefore(Object.assign(document.createElement("p"), { className: "fault", textContent: sentence }), hints.querySelector("details"));
    }
    byId("main").prepend(panel);
    title(`${words().fault}: ${document.title.split(" – ")[0]}`);
    atTop(byId("main").querySelector(".panel.err"));
  }

  function forward() {
    keepDraft(takeFields());
    const state = assess();
    const place = state.screens.findIndex((screen) => screen.name === my.at);
    const wrong = state.screens[place].questions.filter((question) => state.faults[question.name]);
    if (wrong.length) { showFaults(wrong, state); return; }
    fetchAhead();
    const rest = state.screens.slice(place + 1);
    const next = my.toReview ? rest.find((screen) => screen.questions.some((question) => state.faults[question.name])) : rest[0];
    go(next ? next.name : "review", my.toReview && Boolean(next));
  }

  // ---- on another device

  const tell = (text) => { byId("state").textContent = text; byId("state").hidden = false; };

  async function elsewhere() {
    keepDraft(takeFields());
    const { draft, content, code } = my;
    draft.resume = draft.resume || device.newResumeKey();
    keepDraft({});
    let status = 0;
    try {
      const carried = { raw: draft.raw, at: draft.at, language: draft.language };
      const sealed = surveySealing.toText(await device.sealResume(draft.resume, carried, content.size));
      ({ status } = await device.post("/p/resume/keep", { code, resume: await device.resumeId(draft.resume), sealed }));
      if (status === 200) await loadScript(words().qr);
    } catch { status = 0; }
    if (status !== 200 || !globalThis.surveyQr) { tell(status === 409 ? words().noRoom : words().needsNetwork); return; }
    my.aside = true; // the fields of the question are not on this page
    my.depth = (my.depth || 0) + 1;
    history.pushState({ at: my.at, depth: my.depth, backToReview: my.toReview }, "");
    byId("place").replaceChildren();
    put(copyOf("elsewhere"), copyOf("elsewhere-actions"));
    document.querySelector("[data-qr]").append(qrPicture(`${location.origin}/p#${code}~${draft.resume}`));
    title(byId("main").querySelector("h1").textContent);
    atTop();
  }

  function loadScript(address) {
    if (globalThis.surveyQr) return null;
    return new Promise((resolve, reject) => {
      document.head.append(Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject }));
    });
  }

  function qrPicture(text) {
    const rows = globalThis.surveyQr(text);
    const edge = rows.length + 8; // four modules of margin on each side
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    picture.setAttribute("viewBox", `0 0 ${edge} ${edge}`);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", words().qrName);
    path.setAttribute("d", rows.map((row, y) => row.map((on, x) => (on ? `M${x + 4} ${y + 4}h1v1h-1z` : "")).join("")).join(""));
    picture.append(path);
    return picture;
  }

  // ---- review

  function showReview(state, tried) {
    byId("place").replaceChildren();
    const main = copyOf("review");
    const missing = main.querySelector("[data-missing]");
    let number = 0;
    let count = 0;
    for (const screen of state.screens) {
      if (isMatrix(screen)) {
        number += 1;
        const faulty = screen.questions.some((question) => state.faults[question.name]);
        const row = matrixRow(screen, state);
        if (faulty) { missing.querySelector("dl").append(row); count += 1; } else main.querySelector("[data-rest]").append(row);
        continue;
      }
      for (const question of screen.questions.filter(surveyForm.isAnswered)) {
        number += 1;
        const faulty = Boolean(state.faults[question.name]);
        const row = reviewRow(question, screen, state);
        if (faulty) { missing.querySelector("dl").append(row); count += 1; } else main.querySelector("[data-rest]").append(row);
      }
    }
    missing.hidden = !count;
    fill(missing, { n: count });
    main.querySelector("[data-rest]").hidden = count === number;
    const panel = missing.querySelector(".panel");
    if (count && tried) { panel.className = "panel err"; panel.setAttribute("role", "alert"); panel.tabIndex = -1; }
    put(main, copyOf("review-actions"));
    const heading = byId("main").querySelector("h1").textContent;
    title(count && tried ? `${words().fault}: ${heading}` : heading);
    const changed = my.changed && byId(my.changed);
    my.changed = "";
    if (changed && !tried) goTo(changed); // back in the line that was changed, not above dozens of others
    else atTop(count && tried ? panel : null);
  }

  // Of a matrix the review tells how many units have an answer; dozens of lines for each question nobody would read.
  function matrixRow(screen, state) {
    const [first] = screen.questions;
    const rows = screen.questions.filter(surveyForm.isAnswered);
    const given = rows.filter((question) => state.live[question.name] !== undefined).length;
    const row = reviewRow(first, screen, state);
    const shown = row.querySelector("dd span");
    shown.textContent = words().matrix.replace("{n}", given).replace("{total}", rows.length);
    shown.className = given < rows.length ? "none" : "";
    return row;
  }

  function reviewRow(question, screen, state) {
    const row = copyOf("review-row");
    const heading = withAnswers(templates.get(`q/${question.name}`).content.querySelector("h1, h2").textContent, state.live);
    const answer = state.live[question.name];
    const given = answer === undefined ? "" : reviewWords(question, answer);
    row.querySelector("dt").textContent = `${question.number}. ${heading}`;
    const shown = row.querySelector("dd span");
    shown.textContent = given || shown.dataset.none;
    if (!given) shown.className = "none";
    row.querySelector("button").value = screen.name;
    row.querySelector("button").id = `change-${question.name}`;
    row.querySelector(".unseen").textContent = `: ${heading}`;
    return row;
  }

  function reviewWords(question, answer) {
    if (question.kind === "acknowledge") return words().confirmed;
    const parts = wordsOf(question, answer);
    return (question.kind === "rank" ? parts.map((text, place) => `${place + 1}. ${text}`) : parts).join("; ");
  }

  // ---- sealing and sending

  async function finish() {
    const state = assess();
    if (Object.keys(state.faults).length) { show("review", true); return; }
    if (my.over) return;
    my.over = true;
    const say = byId("main").querySelector("[data-say]");
    say.textContent = say.dataset.busy;
    await pending;
    const { content, draft, id, code } = my;
    const latest = my.form.pages[content.language];
    const payload = { v: 1, questionnaire: content.version, ...surveyForm.ratingsOf(content, state.answers) };
    const row = { id, code, submission: draft.submission, facts: content.facts, state: "waiting" };
    row.notes = roundNotes().map((note) => note.textContent);
    if (desk) row.questionnaire = content.version;
    if (draft.resume) row.resume = await device.resumeId(draft.resume);
    const bytes = new TextEncoder().encode(JSON.stringify(payload));
    const keys = latest.keys.map(surveySealing.fromText);
    try {
      row.envelope = surveySealing.toText(await surveySealing.seal(bytes, keys, content.round, latest.key_mode, content.size));
    } catch {
      await sendPlain(row, state.answers, say);
      return;
    }
    let ours = true;
    try { ours = await device.keepSealed(row); } catch { my.keeps = false; }
    my.draft = null;
    forgetHistory();
    channel.postMessage({ id });
    const sending = deliver(ours ? row : await device.loadSealed(id));
    const late = new Promise((resolve) => { setTimeout(resolve, GIVE_UP, "late"); });
    if ((await Promise.race([sending, late])) === "late" && my.outcome === undefined) showOutcome("waiting");
  }

  // A browser whose WebCrypto cannot seal: the server does it, as for the pages without script. Needs network.
  async function sendPlain({ id, code, submission, resume }, answers, say) {
    const { status } = await device.post("/p/answers", { code, submission, answers, resume });
    if (status === 200) {
      await device.erase(id);
      forgetHistory();
      showOutcome("sent");
    } else {
      my.over = false;
      say.textContent = words().needsNetwork;
    }
  }

  const forgetHistory = () => { if (!desk) history.replaceState({ at: "over", depth: 0 }, ""); };

  // Sends a sealed answer and shows how it went.
  async function deliver(row) {
    if (!row) { showOutcome("sent"); return; }
    if (row.state === "sent") { sayOnce(row, "sent"); return; }
    my.row = row;
    const state = await device.send(row);
    row.state = state;
    channel.postMessage({ id: row.id, state });
    if (!my || my.row !== row) return;
    if (my.state !== state) showOutcome(state);
    if (state === "waiting") askForSync();
  }

  function showSealed(row) {
    my.over = true;
    forgetHistory();
    if (row.state === "sent") { sayOnce(row, "received"); return; }
    remember(row.code);
    facts = { ...row.facts, code: row.code.replace(/(.{4})(?=.)/g, "$1-") };
    my.row = row;
    sayRoundNotes(row.notes || []);
    showOutcome(row.state);
    retry(row);
  }

  // The mark of an answer that went while nobody looked has done its work once it is told.
  function sayOnce(row, outcome) {
    device.erase(row.id);
    showOutcome(outcome);
  }

  function showOutcome(state) {
    const kind = { stored: "sent", repeated: "sent", sent: "sent", received: "received", refused: "refused", erased: "erased", ended: "ended" }[state];
    const waiting = my.keeps ? "waiting" : "unkept";
    my.outcome = kind || (state === "waiting" ? waiting : "unsent");
    my.state = state;
    if (kind) forget();
    if (byId("place")) byId("place").replaceChildren();
    if (byId("state")) byId("state").hidden = true;
    const atDesk = `desk-${my.outcome === "received" ? "sent" : my.outcome}-${document.documentElement.lang}`;
    const main = fill(copyOf(templates.has(atDesk) ? atDesk : my.outcome), facts);
    const reasons = [...main.querySelectorAll("[data-reason]")];
    const shown = reasons.find((reason) => reason.dataset.reason === (my.ended || state)) || reasons.find((reason) => reason.dataset.reason === "any");
    for (const reason of reasons) if (reason !== shown) reason.remove();
    readyToCarry(main);
    if (inZalo && my.outcome === "waiting") main.prepend(copyOf("zalo-waiting"));
    put(main);
    title(byId("main").querySelector("h1").textContent);
    atTop();
    if (desk) document.dispatchEvent(new CustomEvent("survey-over", { detail: my.outcome }));
  }

  async function retry(row, byHand = false) {
    const say = () => byId("main").querySelector("[data-say]");
    if (say()) say().textContent = say().dataset.busy;
    await deliver(row);
    if (say()) say().textContent = byHand ? say().dataset[row.heard ? "busyServer" : "failed"] : "";
  }

  const waits = () => my && my.row && ["waiting", "unkept"].includes(my.outcome);
  function tryAgain() {
    if (waits()) retry(my.row);
    else if (!my || desk) sendOthers();
  }

  // Answers of other codes that lie sealed on this phone: sent from any page, told by number only.
  async function sendOthers() {
    let left = 0;
    try { left = await device.sendAll(); } catch { return; /* a browser that keeps nothing has nothing to send */ }
    const refused = (await device.allSealed()).length - left;
    if (!codeForm || !codeForm.isConnected || !templates.has("unsent-here")) return;
    for (const old of byId("main").querySelectorAll("[data-here]")) old.remove();
    if (refused) byId("main").prepend(fill(copyOf("refused-here"), { n: refused }));
    if (left) byId("main").prepend(readyToCarry(fill(copyOf("unsent-here"), { n: left })));
    if (left) askForSync();
  }

  // ---- as a file that another machine delivers

  function readyToCarry(main) {
    const part = main.querySelector("[data-carry]");
    if (part && !carryingKey) part.remove();
    else if (part) fill(part, { address: `${location.host}/gui-tep` });
    return main;
  }

  async function carryOff(button) {
    const rows = my && my.row ? [my.row] : (await device.allSealed()).filter(device.isWaiting);
    const say = button.closest("[data-carry]").querySelector("[data-saved]");
    say.textContent = say.dataset.saved.replace("{name}", surveyPage.saveFiles(await surveySealing.carried(rows, carryingKey)));
  }

  // ---- erasing, refusing, languages

  async function refuse() {
    const { status, content } = await device.post("/p/refuse", { code: my.code });
    if (status === 200) {
      my.over = true;
      await device.erase(my.id);
      forgetHistory();
      showOutcome("refused");
    } else if (content.error && desk) {
      my.over = true;
      showOutcome(content.error);
    } else if (content.error) leaveToServer();
    else { byId("state").textContent = words().needsNetwork; byId("state").hidden = false; }
  }

  function ask(name) {
    put(fill(copyOf(name), facts));
    atTop(byId("main").querySelector("[role=alert]"));
  }
  const askToErase = () => ask("erase");

  // Answers that were given already are not thrown away at one touch.
  const askToRefuse = () => (Object.keys(my.draft.raw).length ? ask("refuse") : refuse());

  async function eraseNow() {
    my.over = true;
    await pending;
    await device.erase(my.id);
    forgetHistory();
    my.row = null;
    my.ended = null;
    showOutcome("erased");
  }

  function keepIt() {
    if (my.row) showOutcome(my.row.state);
    else if (my.over) showOutcome(my.outcome);
    else show(my.at);
  }

  async function switchLanguage(language) {
    if (!my.over) keepDraft(takeFields());
    const content = await languagePage(language);
    if (!content && navigator.onLine && my.over && sayAgain(language)) return;
    if (!content) { byId("state").textContent = words().noLanguage; byId("state").hidden = false; return; }
    mount(content);
    if (my.over) { keepIt(); return; }
    my.draft.language = language;
    show(my.at);
    keepDraft({});
  }

  // A code that takes no answer gives out no other language. The server's own last page says the same; what this phone
  // still holds is told, and sent or erased, from the page of the code in that language. False: nothing leads there.
  function sayAgain(language) {
    const ending = my.ended || my.outcome;
    if (["sent", "received", "refused", ...ENDED].includes(ending)) endAgain(ending, language);
    else if (!desk && my.keeps && ["waiting", "unsent", "erased"].includes(ending)) location.assign(`${words().codePage}?lang=${language}`);
    else return false;
    return true;
  }

  function endAgain(ending, language) {
    const form = Object.assign(document.createElement("form"), { method: "post", action: words().endings, hidden: true });
    const { round, mode } = my.content;
    for (const [name, value] of Object.entries({ ending, round, mode, switch: language })) {
      form.append(Object.assign(document.createElement("input"), { name, value }));
    }
    document.body.append(form);
    form.submit();
  }

  // ---- what is pressed, and what happens around the page

  function onSubmit(event) {
    event.preventDefault();
    const button = event.submitter || {};
    if (button.name === "switch") switchLanguage(button.value);
    else if (my.over) return;
    else if (button.name === "refuse") askToRefuse();
    else if (button.name === "erase") askToErase();
    else if (button.name === "review") { my.changed = button.id; go(button.value, true); }
    else if (my.at === "start") { const [first] = assess().screens; go(first ? first.name : "review"); }
    else if (my.at === "review") finish();
    else forward();
  }

  const ACTS = {
    back: () => back(),
    retry: () => retry(my.row, true),
    erase: () => askToErase(),
    "erase-now": () => eraseNow(),
    "refuse-now": () => refuse(),
    fill: () => fillRows(),
    elsewhere: () => elsewhere(),
    here: () => history.back(),
    other: () => forget(),
    keep: () => keepIt(),
    save: (button) => carryOff(button),
    copy: async (button) => {
      const link = `${location.origin}/p#${my.code}`;
      const say = document.querySelector("[data-copied]");
      try {
        await navigator.clipboard.writeText(link);
        say.textContent = button.dataset.done;
      } catch { // not in every messenger: the link itself, to be marked and copied by hand
        say.textContent = button.dataset.byHand;
        say.append(Object.assign(document.createElement("b"), { textContent: ` ${link}` }));
        getSelection().selectAllChildren(say.lastChild);
      }
    },
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    const link = event.target.closest("a[href^='#']");
    if (button && (my || button.dataset.act === "save")) ACTS[button.dataset.act](button);
    if (link) { event.preventDefault(); goTo(byId(link.hash.slice(1))); }
  });

  // A part of the page gets the focus without a step in the history, where «Back» belongs to the questions.
  function goTo(part) {
    part.scrollIntoView({ block: part.matches("main") ? "start" : "center" });
    part.focus({ preventScroll: true });
  }

  // The second tap of a double one would pass over a question that nobody has read.
  let lastTap = 0;
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#actions button")) return;
    const isSecond = event.detail > 1 || (event.pointerType === "touch" && event.timeStamp - lastTap < DOUBLE_TAP);
    lastTap = event.timeStamp;
    if (isSecond) { event.preventDefault(); event.stopPropagation(); }
  }, { capture: true });

  function sayState() {
    const line = byId("state");
    if (!line || !my || my.over || !my.draft) return;
    const kept = !desk && Object.keys(my.draft.raw).length ? words().kept : "";
    const text = my.notCarried ? words().notCarried : !my.keeps ? words().unkept : !navigator.onLine ? words().offline : kept;
    if (line.textContent !== text) line.textContent = text;
    line.hidden = !text;
    line.classList.toggle("calm", my.keeps && navigator.onLine && !my.notCarried);
  }

  addEventListener("popstate", (event) => {
    if (desk) {
      if (!my || !my.content) return;
      history.pushState(null, "");
      if (!my.over && my.at !== "start") back();
      return;
    }
    if (!my || !event.state) return;
    if (my.over) { if (my.outcome === undefined) return; keepIt(); return; }
    if (!my.draft) return;
    takeFields();
    my.depth = event.state.depth || 0;
    my.toReview = Boolean(event.state.backToReview);
    show(event.state.at);
    keepDraft({});
  });
  addEventListener("hashchange", () => { if (surveyCode.read(surveyPage.fragment())) location.reload(); }); // the link was opened again in this tab
  addEventListener("online", () => { sayState(); tryAgain(); });
  addEventListener("offline", sayState);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tryAgain(); });
  setInterval(tryAgain, AGAIN);

  // Another tab of this code has sealed the answer: this one must not go on, nor show it.
  channel.addEventListener("message", async ({ data }) => {
    if (!my || my.id !== data.id) return;
    if (my.over) { if (data.state && waits()) showOutcome(data.state); return; }
    my.over = true;
    my.draft = null;
    await pending;
    const row = await device.loadSealed(my.id);
    if (row) { showSealed(row); return; }
    await device.erase(my.id); // what this tab wrote a moment after the other had sent
    forgetHistory();
    showOutcome("sent");
  });

  function startWorker() {
    if (navigator.serviceWorker) navigator.serviceWorker.register("/worker.js").catch(() => {});
    setTimeout(() => fetchSmallMedia().catch(() => {}), IDLE);
  }

  async function askForSync() {
    const worker = navigator.serviceWorker && (await navigator.serviceWorker.getRegistration());
    if (worker && worker.sync) worker.sync.register("send").catch(() => {}); // not on every phone: the page tries too
  }

  if (codeForm) {
    codeForm.addEventListener("submit", (event) => {
      event.preventDefault();
      openTyped(codeForm.elements.code.value);
    });
    const field = codeForm.elements.code;
    if (field.dataset.linked) openTyped(field.value);
    else if (remembered()) {
      const [code, resume = ""] = remembered().split("~");
      Object.assign(field.dataset, { linked: code, resume });
      field.value = field.value || code;
      openTyped(field.value);
    }
  }
  sendOthers();
})();
