// Seals answers to the key holders, byte by byte as docs/envelope.md says. Needs WebCrypto.
// surveySealing.seal(payload, keys, round, mode, size[, drawn]) -> bytes; `keys` are points of 65 bytes.
(() => {
  "use strict";
  const subtle = globalThis.crypto && crypto.subtle;
  const CURVE = { name: "ECDH", namedCurve: "P-256" };
  const MODES = { availability: 1, strict: 2 };
  const CARRIED = "survey carried 1"; // in the place of a round; no round is called so
  const CARRIED_MORE = 1024;
  const CARRIED_MOST = 4000000;
  const utf8 = new TextEncoder();

  const toText = (bytes) => {
    let letters = "";
    for (const byte of bytes) letters += String.fromCharCode(byte);
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };
  const fromText = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

  function join(...parts) {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) { all.set(part, at); at += part.length; }
    return all;
  }

  // Product in the field of 256 elements of AES (FIPS 197, 4.2).
  function multiply(a, b) {
    let product = 0;
    for (let bit = 0; bit < 8; bit += 1) {
      product ^= a * (b & 1);
      b >>= 1;
      a = (a << 1) ^ (0x11b * (a >> 7));
    }
    return product;
  }

  async function draw() {
    const pair = await subtle.generateKey(CURVE, true, ["deriveBits"]);
    const random = (length) => crypto.getRandomValues(new Uint8Array(length));
    return {
      privateKey: pair.privateKey, point: new Uint8Array(await subtle.exportKey("raw", pair.publicKey)),
      content: random(32), nonce: random(12), slope: random(32),
    };
  }

  async function encrypt(key, nonce, plain, additionalData = new Uint8Array(0)) {
    const imported = await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
    return new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, imported, plain));
  }

  async function slot(raw, share, drawn, round) {
    const holder = await subtle.importKey("raw", raw, CURVE, false, []);
    const shared = await subtle.deriveBits({ name: "ECDH", public: holder }, drawn.privateKey, 256);
    const secret = await subtle.importKey("raw", shared, "HKDF", false, ["deriveBits"]);
    const info = join(utf8.encode("survey-envelope-1 wrap\0"), raw, [0], round);
    const wrapping = await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: drawn.point, info }, secret, 256);
    const id = new Uint8Array(await subtle.digest("SHA-256", raw)).slice(0, 8);
    return join(id, await encrypt(wrapping, new Uint8Array(12), share));
  }

  async function seal(payload, keys, roundCode, mode, size, given) {
    const drawn = given || await draw();
    const round = utf8.encode(roundCode);
    let header = join(utf8.encode("PBNP"), [1, MODES[mode], keys.length], drawn.point, drawn.nonce);
    for (const [place, raw] of keys.entries()) {
      const share = mode === "strict" ? drawn.content.map((byte, n) => byte ^ multiply(drawn.slope[n], place + 1)) : drawn.content;
      header = join(header, await slot(raw, share, drawn, round));
    }
    const plain = new Uint8Array(size - header.length - 16);
    if (payload.length + 4 > plain.length) throw new Error("payload does not fit into the envelope");
    new DataView(plain.buffer).setUint32(0, payload.length);
    plain.set(payload, 4);
    const binding = join(utf8.encode("survey-envelope-1 body\0"), header, [0], round);
    return join(header, await encrypt(drawn.content, drawn.nonce, plain, binding));
  }

  // Texts of files with finished answers, which any other machine can deliver; one, unless the server would find it too large. Each is sealed once more, to the server,
  // together with the code and number that its sending needs: whoever finds the file can deliver it and nothing else.
  async function carried(rows, key) {
    const files = [];
    for (const { code, submission, resume, questionnaire, envelope } of rows) {
      const sealed = fromText(envelope);
      const head = utf8.encode(`${JSON.stringify({ code, submission, resume, questionnaire })}\n`);
      const form = toText(await seal(join(head, sealed), [fromText(key)], CARRIED, "availability", sealed.length + CARRIED_MORE));
      const last = files[files.length - 1];
      if (last && (last.length + 1) * form.length < CARRIED_MOST) last.push(form);
      else files.push([form]);
    }
    return files.map((forms) => JSON.stringify({ format: "survey-carried-1", forms }));
  }

  globalThis.surveySealing = { seal, carried, toText, fromText };
})();
