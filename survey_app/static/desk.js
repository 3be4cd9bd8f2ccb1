// A device on which one person after another answers: at the one-stop desk, or in the hands of an interviewer. The asking is
// phone.js; here the device is set up, reads QR codes, goes back to its first page, and tells how many sealed answers wait.
// No answer is written down: the page of one person is thrown away before the next begins.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const codeForm = byId("code-form");
  const field = codeForm.elements.code;
  const device = globalThis.surveyDevice;
  const facts = { ...codeForm.dataset };
  const isInterview = facts.desk === "phong-van";
  const AWAY = isInterview ? 540 : 40; // seconds without touch until the question, and then until the first page
  const WARNED = isInterview ? 60 : 20;
  const THANKS = 8;
  const LOOK_FOR = 30; // seconds for which the camera looks
  const STEADY = 200; // milliseconds between two looks
  const FORM = `desk ${facts.round} ${facts.group}`;
  const PIN = "desk-pin";
  const ITERATIONS = 200000;
  const here = new URL(location.href);
  here.searchParams.delete("lang");
  here.hash = "";

  let touched = performance.now();
  let stays = false; // the only copy of an answer is on this page
  let over = 0; // when the last screen of a person came; 0 before
  let question = null; // the dialog «are you still there»
  let camera = null;
  const questions = new Map([...document.querySelectorAll("template[id^=desk-away]")].map((one) => [one.id, one]));

  // ---- the first page, and the way back to it

  function start() {
    location.replace(here.href);
  }

  // The browser may keep a page it leaves: nothing must be left on it.
  addEventListener("pagehide", () => { stopScan(); document.body.replaceChildren(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  const hasBegun = () => !codeForm.isConnected || Boolean(field.value) || Boolean(document.querySelector("dialog[open]"));

  function onTick() {
    const seconds = (performance.now() - touched) / 1000;
    if (over) { if ((performance.now() - over) / 1000 >= THANKS) start(); return; }
    if (stays || !hasBegun() || seconds < AWAY) return;
    if (seconds >= AWAY + WARNED) { start(); return; }
    if (!question) ask();
    sayLeft(Math.ceil(AWAY + WARNED - seconds));
  }

  function ask() {
    const lang = document.documentElement.lang;
    question = document.createElement("dialog");
    question.setAttribute("aria-labelledby", "away-title");
    question.append((questions.get(`desk-away-${lang}`) || questions.get("desk-away-vi")).content.cloneNode(true));
    question.text = question.querySelector("p").textContent;
    question.addEventListener("close", () => { if (question) stay(); }); // the key Esc
    document.body.append(question);
    question.showModal();
  }

  const sayLeft = (seconds) => { question.querySelector("p").textContent = question.text.replace("{n}", seconds); };

  function stay() {
    touched = performance.now();
    if (question) question.remove();
    question = null;
  }

  // Touching the page is enough, but the question must be answered: a sleeve on the screen is no person.
  for (const kind of ["pointerdown", "keydown", "input", "scroll", "wheel"]) {
    addEventListener(kind, () => { if (!question) touched = performance.now(); }, { capture: true, passive: true });
  }
  setInterval(onTick, 500);

  document.addEventListener("survey-over", ({ detail }) => {
    stays = detail === "unkept";
    over = stays ? 0 : performance.now();
    for (const line of document.querySelectorAll("main .hint")) line.textContent = line.textContent.replace("{n}", THANKS);
  });

  // ---- the number of answers that wait

  async function sayQueue() {
    const line = byId("queue");
    if (!line || codeForm.hidden) return;
    const waiting = (await device.allSealed()).filter(device.isWaiting).length;
    line.textContent = line.dataset.text.replace("{n}", waiting);
    line.hidden = !waiting && !line.dataset.asks;
  }

  // ---- the questionnaire for times without network

  async function keepForms() {
    if (!facts.group) { sayKept(false); return; }
    const form = (await device.loadForm(FORM)) || { id: FORM, last: "vi", pages: {} };
    for (const language of facts.formLanguages.split(" ").filter(Boolean)) {
      const have = form.pages[language] && form.pages[language].etag;
      const { status, content } = await device.fetchForm("/quay/phieu", { round: facts.round, group: facts.group, language, have });
      if (status === 200) device.noteDay(form, content.day);
      if (status === 200 && !content.unchanged) form.pages[content.language] = content;
    }
    if (Object.keys(form.pages).length) {
      form.last = form.pages.vi ? "vi" : Object.keys(form.pages)[0];
      await device.saveForm(form);
    }
    sayKept(Object.keys(form.pages).length > 0);
  }

  // The interviewer must know before leaving for a place without network.
  function sayKept(isKept) {
    if (!isInterview) return;
    const line = byId("kept");
    line.textContent = isKept ? line.dataset.yes : line.dataset.no;
    line.hidden = false;
  }

  // ---- reading the QR code of a letter

  // Only some browsers read QR codes themselves (Chrome on Android and macOS); elsewhere the code is typed.
  async function offerScanner() {
    const formats = globalThis.BarcodeDetector ? await BarcodeDetector.getSupportedFormats() : [];
    for (const button of document.querySelectorAll("[data-desk-act=scan]")) button.hidden = !formats.includes("qr_code");
  }

  async function scan() {
    const dialog = byId("scanner");
    const say = dialog.querySelector("[role=status]");
    const video = dialog.querySelector("video");
    say.textContent = say.dataset.looking;
    dialog.showModal();
    try {
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: isInterview ? "environment" : "user" } });
      camera = stream;
      if (!dialog.open) { stopScan(); return; }
      video.srcObject = stream;
      await video.play();
      const begun = performance.now();
      while (camera === stream) {
        const [code] = video.videoWidth ? await detector.detect(video) : [];
        if (code) { found(code.rawValue); return; }
        if ((performance.now() - begun) / 1000 > LOOK_FOR) say.textContent = say.dataset.late;
        await new Promise((resolve) => { setTimeout(resolve, STEADY); });
      }
    } catch {
      say.textContent = say.dataset.noCamera;
    }
  }

  function found(text) {
    stopScan();
    byId("scanner").close();
    field.value = text.slice(0, field.maxLength);
    codeForm.requestSubmit();
  }

  function stopScan() {
    if (camera) for (const track of camera.getTracks()) track.stop();
    camera = null;
  }

  // ---- set up and left by staff

  const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  async function hashOf(pin, salt) {
    const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: new TextEncoder().encode(salt), iterations: ITERATIONS };
    return hex(await crypto.subtle.deriveBits(how, key, 256));
  }

  async function setUp(event) {
    event.preventDefault();
    const pin = byId("new-pin").value.trim();
    const fault = byId("new-pin-fault");
    fault.hidden = /^[0-9]{4,8}$/.test(pin);
    if (!fault.hidden) { fault.textContent = byId("new-pin").dataset.wrong; byId("new-pin").focus(); return; }
    const salt = hex(crypto.getRandomValues(new Uint8Array(16)));
    localStorage.setItem(PIN, JSON.stringify({ salt, hash: await hashOf(pin, salt) }));
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
    begin();
  }

  async function onPin(event) {
    event.preventDefault();
    const { salt, hash } = JSON.parse(localStorage.getItem(PIN));
    const right = (await hashOf(byId("pin").value.trim(), salt)) === hash;
    byId("pin").value = "";
    byId("pin-fault").hidden = right;
    if (right) { byId("staff-pin").hidden = true; byId("staff-facts").hidden = false; await sayStaff(); } else byId("pin").focus();
  }

  async function sayStaff() {
    const rows = await device.allSealed();
    const waiting = rows.filter(device.isWaiting).length;
    const part = byId("staff-facts");
    part.querySelector("[data-waiting]").textContent = waiting;
    part.querySelector("[data-refused]").textContent = rows.length - waiting;
    part.querySelector("[data-some-wait]").hidden = !waiting;
    part.querySelector("[data-desk-act=drop]").hidden = rows.length === waiting;
    return rows;
  }

  function openStaff() {
    byId("staff-pin").hidden = false;
    byId("staff-facts").hidden = true;
    byId("pin-fault").hidden = true;
    byId("staff-facts").querySelector("[data-not-empty]").hidden = true;
    byId("staff-facts").querySelector("[data-saved]").textContent = "";
    byId("staff").showModal();
  }

  async function leave() {
    const rows = await sayStaff();
    byId("staff-facts").querySelector("[data-not-empty]").hidden = !rows.length;
    if (rows.length) return;
    localStorage.removeItem(PIN);
    await device.erase(FORM);
    location.replace("/");
  }

  const ACTS = {
    start,
    scan,
    "stop-scan": () => { stopScan(); byId("scanner").close(); field.focus(); },
    stay,
    staff: openStaff,
    "close-staff": () => byId("staff").close(),
    send: async () => {
      const say = byId("staff-facts").querySelector("[role=status]");
      say.textContent = say.dataset.sending;
      await device.sendAll();
      say.textContent = "";
      await sayStaff();
    },
    save: async () => {
      const say = byId("staff-facts").querySelector("[data-saved]");
      const rows = (await device.allSealed()).filter(device.isWaiting);
      say.textContent = say.dataset.saved.replace("{name}", surveyPage.saveFiles(await surveySealing.carried(rows, facts.carryingKey)));
      say.scrollIntoView({ block: "nearest" }); // on a small screen it lies below
    },
    drop: async () => {
      for (const row of await device.allSealed()) if (!device.isWaiting(row)) await device.erase(row.id);
      await sayStaff();
    },
    leave,
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-desk-act]");
    const link = event.target.closest("a[href^='/']:not([hreflang]), a[href^='tel:']"); // no way off this page but that of the staff
    if (button) ACTS[button.dataset.deskAct]();
    else if (link) event.preventDefault();
  });

  function begin() {
    byId("set-up").hidden = true;
    codeForm.hidden = false;
    byId("for-staff").hidden = false;
    field.value = "";
    field.focus();
    if (navigator.serviceWorker) navigator.serviceWorker.register("/worker.js").catch(() => {});
    codeForm.dataset.formId = FORM;
    sayQueue();
    setInterval(sayQueue, 3000);
    offerScanner();
    keepForms().catch(() => sayKept(false)); // the device has network most of the time; the next visit tries again
  }

  function cannot(why) {
    for (const line of document.querySelectorAll("[data-why]")) line.hidden = line.dataset.why !== why;
  }

  async function check() {
    if (!isSecureContext) { cannot("secure"); return; }
    if (!device || !globalThis.crypto || !crypto.subtle || !globalThis.HTMLDialogElement || !Object.hasOwn) return;
    let keeps = await device.canKeep();
    let pin = null;
    try { pin = localStorage.getItem(PIN); } catch { keeps = false; }
    if (!keeps) { cannot("keeps"); return; }
    byId("cannot").hidden = true;
    byId("set-up").addEventListener("submit", setUp);
    byId("staff-pin").addEventListener("submit", onPin);
    byId("scanner").addEventListener("close", stopScan);
    if (pin) begin();
    else byId("set-up").hidden = false;
  }

  check();
})();
