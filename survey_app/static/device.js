// What a phone keeps of a questionnaire, and how a sealed answer leaves it. Used by the pages and by the service worker.
// forms: the questionnaire as opened; drafts: answers not yet sent, encrypted under the code; outbox: sealed answers on
// their way. Nothing is removed by age: a sealed answer goes when the server has it, or when its owner says so.
(() => {
  "use strict";
  const subtle = globalThis.crypto && crypto.subtle;
  const utf8 = new TextEncoder();
  const STORES = ["forms", "drafts", "outbox"];
  const PATIENCE = 6000; // a store that does not answer by then never will: seen in Safari, and on phones short of memory
  let opened = null;
  let keptInMemory = false;
  const memory = Object.fromEntries(STORES.map((name) => [name, new Map()]));

  const asPromise = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  function open() {
    opened = opened || new Promise((resolve, reject) => {
      const request = indexedDB.open("survey", 1);
      request.onupgradeneeded = () => { for (const name of STORES) request.result.createObjectStore(name, { keyPath: "id" }); };
      request.onblocked = request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        database.onclose = () => { opened = null; }; // a phone that runs short closes it: the next use opens it again
        database.onversionchange = () => { database.close(); opened = null; };
        resolve(database);
      };
    });
    opened.catch(() => { opened = null; });
    return opened;
  }

  async function once(names, mode, work) {
    // A sealed answer must outlive a dead battery; a draft is written at every letter.
    const durability = names.includes("outbox") ? "strict" : "relaxed";
    const transaction = (await open()).transaction(names, mode, { durability });
    const finished = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error || new Error("aborted"));
    });
    finished.catch(() => {}); // seen below
    const result = await work(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
    await finished;
    return result;
  }

  // One transaction over the named stores; a connection that was closed meanwhile is opened again.
  async function run(names, mode, work) {
    if (keptInMemory) return work(Object.fromEntries(names.map((name) => [name, inMemory(memory[name])])));
    try {
      return await once(names, mode, work);
    } catch (fault) {
      if (!["InvalidStateError", "UnknownError"].includes(fault.name)) throw fault;
      opened = null;
      return once(names, mode, work);
    }
  }

  // The same calls on a Map, for a browser that keeps nothing: its answers live as long as the page.
  const inMemory = (map) => ({
    get: (id) => done(map.get(id)),
    getAll: () => done([...map.values()]),
    put: (row) => done(map.set(row.id, row)),
    delete: (id) => done(map.delete(id)),
  });
  const done = (result) => {
    const request = { result };
    queueMicrotask(() => request.onsuccess && request.onsuccess());
    return request;
  };

  // Whether answers survive the page here; from then on a browser that keeps nothing is served from memory.
  async function canKeep() {
    const tried = run(["drafts"], "readwrite", async ({ drafts }) => {
      await asPromise(drafts.put({ id: "try" }));
      await asPromise(drafts.delete("try"));
    });
    const late = new Promise((_resolve, reject) => { setTimeout(reject, PATIENCE); });
    try {
      await Promise.race([tried, late]);
    } catch {
      keptInMemory = true;
    }
    return !keptInMemory;
  }

  const hexOf = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  // Under this name everything of one code is kept; the code itself cannot be computed from it.
  const idOf = async (code) => hexOf(await subtle.digest("SHA-256", utf8.encode(`survey-device-1 ${code}`)));

  async function draftKey(code) {
    const secret = await subtle.importKey("raw", utf8.encode(code), "HKDF", false, ["deriveKey"]);
    const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8.encode("survey-draft-1") };
    return subtle.deriveKey(how, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  }

  async function openDraft(code, row) {
    if (!row) return null;
    try {
      const plain = await subtle.decrypt({ name: "AES-GCM", iv: row.nonce }, await draftKey(code), row.sealed);
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return null; // damaged: as if it were not there
    }
  }

  const get = (name, id) => run([name], "readonly", (stores) => asPromise(stores[name].get(id)));
  // A kept questionnaire, without languages of which only a part had come.
  async function loadForm(id) {
    const form = await get("forms", id);
    if (!form) return null;
    const pages = Object.entries(form.pages).filter(([, content]) => isWhole(content));
    if (!pages.length) return null;
    const last = isWhole(form.pages[form.last]) ? form.last : pages[0][0];
    return { ...form, last, pages: Object.fromEntries(pages) };
  }
  const loadSealed = (id) => get("outbox", id);
  const loadDraft = async (id, code) => openDraft(code, await get("drafts", id));
  // Those that are not yet received; a mark «sent» holds no answer.
  async function allSealed() {
    const rows = await run(["outbox"], "readonly", ({ outbox }) => asPromise(outbox.getAll()));
    return rows.filter((row) => row.state !== "sent");
  }

  const saveForm = (form) => run(["forms"], "readwrite", ({ forms }) => asPromise(forms.put(form)));

  // Two tabs of one code write the same draft: each puts its changes over what lies there by now.
  async function saveDraft(id, code, change) {
    const key = await draftKey(code);
    for (;;) {
      const row = await get("drafts", id);
      const draft = change((await openDraft(code, row)) || {});
      const nonce = crypto.getRandomValues(new Uint8Array(12));
      const sealed = await subtle.encrypt({ name: "AES-GCM", iv: nonce }, key, utf8.encode(JSON.stringify(draft)));
      const turn = row ? row.turn : 0;
      const written = await run(["drafts"], "readwrite", async ({ drafts }) => {
        const now = await asPromise(drafts.get(id));
        if ((now ? now.turn : 0) !== turn) return false;
        await asPromise(drafts.put({ id, turn: turn + 1, nonce, sealed }));
        return true;
      });
      if (written) return draft;
    }
  }

  // The sealed answer takes the place of everything readable, in one transaction. False: another tab was faster.
  const keepSealed = (row) => run(STORES, "readwrite", async ({ forms, drafts, outbox }) => {
    if (await asPromise(outbox.get(row.id))) return false;
    await asPromise(outbox.put(row));
    await asPromise(drafts.delete(row.id));
    await asPromise(forms.delete(row.id));
    return true;
  });

  const erase = (id) => run(STORES, "readwrite", async (stores) => {
    for (const name of STORES) await asPromise(stores[name].delete(id));
  });

  async function post(address, body) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 30000);
    try {
      const answer = await fetch(address, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
        cache: "no-store", credentials: "omit", signal: stop.signal,
      });
      let content = {};
      try { content = await answer.json(); } catch (fault) { if (answer.ok) throw fault; /* a page of the proxy: only the status counts */ }
      return { status: answer.status, content };
    } catch {
      return { status: 0, content: {} }; // no network, or no whole answer: whatever was sent may have arrived
    } finally {
      clearTimeout(timer);
    }
  }

  // Answers under way, for another device: encrypted under a random key that only its QR code carries, padded to one
  // length. The server finds them by a hash of the key and can do nothing else with them.
  // A questionnaire in one language. Half of one, or the page of a hotspot, counts as no answer and is never kept.
  const isWhole = (content) => Boolean(content && content.html && content.rules && content.keys);
  async function fetchForm(address, body) {
    const found = await post(address, body);
    const usable = found.status !== 200 || (body.have && found.content.unchanged) || isWhole(found.content);
    return usable ? found : { status: 0, content: {} };
  }

  const newResumeKey = () => hexOf(crypto.getRandomValues(new Uint8Array(16)));
  const resumeId = async (key) => hexOf(await subtle.digest("SHA-256", utf8.encode(`survey-resume-id-1 ${key}`))).slice(0, 32);

  async function resumeCipher(key) {
    const secret = await subtle.importKey("raw", utf8.encode(key), "HKDF", false, ["deriveKey"]);
    const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8.encode("survey-resume-1") };
    return subtle.deriveKey(how, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  }

  async function sealResume(key, draft, size) {
    const written = utf8.encode(JSON.stringify(draft));
    if (written.length > size) throw new RangeError("too long to be carried");
    const plain = new Uint8Array(size).fill(32); // blanks after the JSON
    plain.set(written);
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await subtle.encrypt({ name: "AES-GCM", iv: nonce }, await resumeCipher(key), plain);
    return new Uint8Array([...nonce, ...new Uint8Array(sealed)]);
  }

  async function openResume(key, bytes) {
    const plain = await subtle.decrypt({ name: "AES-GCM", iv: bytes.slice(0, 12) }, await resumeCipher(key), bytes.slice(12));
    return JSON.parse(new TextDecoder().decode(plain));
  }

  // What went while nobody looked leaves a mark without code and answer, so that the person who comes back is told of the
  // own form instead of a code that somebody has used. Not on a device for many persons.
  const markSent = ({ id, questionnaire }) => run(["outbox"], "readwrite", async ({ outbox }) => {
    const there = await asPromise(outbox.get(id));
    if (there && !questionnaire) await asPromise(outbox.put({ id, state: "sent" }));
    else await asPromise(outbox.delete(id));
  });

  const REFUSALS = { 404: "unknown", 409: "other", 422: "unfit" };

  // Sends one sealed answer: "stored", "repeated" or "received" when the server has it, "waiting" when it must be tried
  // again, else the kind of refusal. A refused answer stays here until its owner decides. `unseen`: no screen tells of it.
  async function send(row, unseen = false) {
    const { code, submission, envelope, resume, questionnaire } = row;
    const { status, content } = await post("/p/answers", { code, submission, envelope, resume, questionnaire });
    row.heard = status !== 0;
    if (status === 200 && ["stored", "repeated", "received"].includes(content.status)) {
      await (unseen ? markSent(row) : erase(row.id));
      return content.status;
    }
    const refusal = status === 403 || status === 410 ? content.error : REFUSALS[status];
    const state = (content.error && refusal) || (content.error === "slip_not_ticked" ? "slip" : "waiting");
    if (state !== row.state) {
      await run(["outbox"], "readwrite", async ({ outbox }) => {
        if (await asPromise(outbox.get(row.id))) await asPromise(outbox.put({ ...row, state }));
      });
    }
    return state;
  }

  const isWaiting = (row) => ["waiting", "slip"].includes(row.state);

  // Sends whatever waits; answers how many still do.
  async function sendAll() {
    let left = 0;
    for (const row of await allSealed()) {
      if (isWaiting(row) && isWaiting({ state: await send(row, true) })) left += 1;
    }
    return left;
  }

  // The day by the server, and by how many days the clock of this device differs from it; kept with a questionnaire.
  const DAY = 86400000;
  const clockDay = () => Math.floor(Date.now() / DAY - new Date().getTimezoneOffset() / 1440);
  function noteDay(form, day) {
    if (!day) return;
    form.day = Date.parse(day) / DAY;
    form.ahead = clockDay() - form.day;
  }

  // Today, YYYY-MM-DD: by the clock, put right by what it was ahead; never before the last day that the server told.
  const today = ({ day = 0, ahead = 0 }) => new Date(Math.max(day, clockDay() - ahead) * DAY).toISOString().slice(0, 10);

  globalThis.surveyDevice = {
    noteDay, today, fetchForm, canKeep, idOf, loadForm, saveForm, loadDraft, saveDraft, loadSealed, allSealed, keepSealed, erase, post, send, sendAll, isWaiting,
    newResumeKey, resumeId, sealResume, openResume,
  };
})();
