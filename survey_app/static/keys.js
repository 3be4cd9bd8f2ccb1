// Makes and tests the key of a holder in this browser. The private key never leaves it; the server gets the public
// half and the proof that a sample envelope could be opened. Format: docs/envelope.md.
(() => {
  "use strict";
  const page = document.querySelector("[data-keys]");
  if (!page) return;
  const words = page.dataset;
  const status = page.querySelector("[data-status]");
  const say = (text, tone) => { status.textContent = text; status.className = text ? `note note-${tone}` : ""; };
  if (!(globalThis.crypto && crypto.subtle)) {
    for (const part of page.querySelectorAll("[data-needs-crypto]")) part.hidden = true;
    page.querySelector("[data-no-crypto]").hidden = false;
    return;
  }
  const subtle = crypto.subtle;
  const utf8 = new TextEncoder();
  const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const fromText = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const join = (...parts) => new Uint8Array(parts.flatMap((part) => [...part]));
  const CURVE = { name: "ECDH", namedCurve: "P-256" };

  async function fileKey(passphrase, salt, iterations, use) {
    const raw = await subtle.importKey("raw", utf8.encode(passphrase), "PBKDF2", false, ["deriveKey"]);
    return subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, raw, { name: "AES-GCM", length: 256 }, false, [use]);
  }

  async function makeKeyFile(passphrase) {
    const pair = await subtle.generateKey(CURVE, true, ["deriveBits"]);
    const publicKey = toText(await subtle.exportKey("raw", pair.publicKey));
    const secret = await subtle.exportKey("pkcs8", pair.privateKey);
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const key = await fileKey(passphrase, salt, 600000, "encrypt");
    const sealed = await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: utf8.encode(`survey-key-1 ${publicKey}`) }, key, secret);
    const content = {
      format: "survey-key-1", round: words.round, holder: words.holder, public_key: publicKey,
      kdf: { name: "PBKDF2-SHA256", iterations: 600000, salt: toText(salt) },
      cipher: { name: "AES-256-GCM", nonce: toText(nonce) },
      private_key: toText(sealed),
    };
    return { publicKey, text: JSON.stringify(content, null, 1) + "\n" };
  }

  // Error texts are on the page; the key of the text is thrown.
  async function readKeyFile(text, passphrase) {
    let content;
    try { content = JSON.parse(text.replace(/^\uFEFF/, "")); } catch { throw new Error("notKey"); }
    if (!content || content.format !== "survey-key-1") throw new Error("notKey");
    let secret;
    try {
      const key = await fileKey(passphrase, fromText(content.kdf.salt), content.kdf.iterations, "decrypt");
      const additionalData = utf8.encode(`survey-key-1 ${content.public_key}`);
      secret = await subtle.decrypt({ name: "AES-GCM", iv: fromText(content.cipher.nonce), additionalData }, key, fromText(content.private_key));
    } catch { throw new Error("wrongPassphrase"); }
    return { key: await subtle.importKey("pkcs8", secret, CURVE, false, ["deriveBits"]), raw: fromText(content.public_key) };
  }

  const HEAD = 84;
  const SLOT = 56;
  async function openEnvelope(envelope, holder) {
    const keys = envelope[6];
    const header = envelope.slice(0, HEAD + keys * SLOT);
    const point = envelope.slice(7, 72);
    const id = new Uint8Array(await subtle.digest("SHA-256", holder.raw)).slice(0, 8);
    const round = utf8.encode(words.round);
    for (let start = HEAD; start < header.length; start += SLOT) {
      if (!id.every((byte, n) => byte === header[start + n])) continue;
      const other = await subtle.importKey("raw", point, CURVE, false, []);
      const shared = await subtle.importKey("raw", await subtle.deriveBits({ name: "ECDH", public: other }, holder.key, 256), "HKDF", false, ["deriveKey"]);
      const info = join(utf8.encode("survey-envelope-1 wrap\0"), holder.raw, [0], round);
      const wrapping = await subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: point, info }, shared, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
      const content = await subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, wrapping, header.slice(start + 8, start + SLOT));
      const key = await subtle.importKey("raw", content, "AES-GCM", false, ["decrypt"]);
      const additionalData = join(utf8.encode("survey-envelope-1 body\0"), header, [0], round);
      const plain = new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: envelope.slice(72, 84), additionalData }, key, envelope.slice(header.length)));
      return plain.slice(4, 4 + new DataView(plain.buffer).getUint32(0));
    }
    throw new Error("otherKey");
  }

  function qrPicture(text) {
    const rows = window.surveyQr(text);
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const size = rows.length + 8; // four modules of margin on each side
    picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
    picture.setAttribute("shape-rendering", "crispEdges");
    path.setAttribute("d", rows.map((row, y) => row.map((on, x) => (on ? `M${x + 4} ${y + 4}h1v1h-1z` : "")).join("")).join(""));
    picture.append(path);
    return picture;
  }

  const make = page.querySelector("[data-make]");
  if (make) {
    const store = page.querySelector("[data-store]");
    make.addEventListener("submit", async (event) => {
      event.preventDefault();
      const [first, second] = [make.elements.passphrase.value, make.elements.again.value];
      if (first.length < 14 && first.trim().split(/\s+/).length < 5) { say(words.weak, "err"); return; }
      if (first !== second) { say(words.differ, "err"); return; }
      say(words.working, "info");
      const made = await makeKeyFile(first);
      make.reset();
      make.hidden = true;
      store.hidden = false;
      say("", "");
      const steps = page.querySelectorAll(".trail li");
      steps[1].removeAttribute("aria-current");
      steps[1].className = "done";
      steps[2].setAttribute("aria-current", "step");
      store.elements.public_key.value = made.publicKey;
      page.querySelector("[data-print-key]").textContent = made.text;
      page.querySelector("[data-print-qr]").replaceChildren(qrPicture(made.text));
      const link = store.querySelector("[data-download]");
      link.href = URL.createObjectURL(new Blob([made.text], { type: "application/json" }));
      link.download = `${words.round}-${words.holder.split(" – ").pop().normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").replace(/[^A-Za-z0-9]+/g, "-").toLowerCase()}.khoa.json`;
      store.querySelector("h2").focus();
    });
    store.querySelector("[data-print-paper]").addEventListener("click", () => print());
  }

  const test = page.querySelector("[data-test]");
  if (test) {
    test.addEventListener("submit", async (event) => {
      event.preventDefault();
      const file = test.elements.file.files[0];
      const paper = test.elements.paper.value.trim();
      if (!file && !paper) { say(words.noFile, "err"); return; }
      say(words.working, "info");
      try {
        const holder = await readKeyFile(file ? await file.text() : paper, test.elements.passphrase.value);
        const opened = await openEnvelope(fromText(words.sample), holder);
        const proof = page.querySelector("[data-proof]");
        proof.elements.proof.value = new TextDecoder().decode(opened);
        proof.submit();
      } catch (fault) {
        say(words[fault.message] || words.otherKey, "err");
      }
    });
  }
})();
