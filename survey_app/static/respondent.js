// Small conveniences of the respondent pages; every page works without them. Nothing is kept but the text size.
(() => {
  "use strict";
  const root = document.documentElement;
  const isShared = document.querySelector("[data-desk]"); // the next person on a device for many begins with the usual size
  let size = "1";
  try { if (!isShared) size = localStorage.getItem("size") || "1"; } catch { /* storage is off: the size lasts one page */ }
  root.dataset.size = size;

  // The link of a letter carries the code behind «#»: it goes into the field and out of the address bar. The QR code of
  // another device carries the key of its answers too, after «~».
  const field = document.getElementById("code");
  function fragment() {
    const written = location.hash.slice(1);
    try { return decodeURIComponent(written); } catch { return decodeURIComponent(written.replace(/%(?![0-7][0-9a-f]).*/i, "")); /* up to the broken % */ }
  }
  if (field && fragment() && !document.getElementById(fragment())) {
    const [code, resume = ""] = fragment().split("~");
    field.value = code;
    field.dataset.resume = resume;
    field.dataset.linked = code;
    history.replaceState(null, "", location.pathname + location.search);
  }

  // Another language is another page: it takes the code along, behind «#» where no server sees it.
  for (const link of document.querySelectorAll("a[hreflang]")) {
    link.addEventListener("click", () => {
      if (!field || !field.value) return;
      const { linked, resume } = field.dataset;
      link.hash = encodeURIComponent(resume && linked === field.value ? `${linked}~${resume}` : field.value);
    });
  }

  // The button for the text size, once on every page.
  function addSizes() {
    const tools = document.querySelector(".tools");
    if (!tools || tools.querySelector("[data-size-button]")) return;
    const button = document.createElement("button");
    const marks = { 1: "A", 2: "A+", 3: "A++" };
    button.type = "button";
    button.className = "tool";
    button.dataset.sizeButton = "";
    const show = () => {
      button.textContent = marks[size];
      button.setAttribute("aria-label", `${tools.dataset.sizes}: ${marks[size]}`);
      root.dataset.size = size;
    };
    button.addEventListener("click", () => {
      size = String((Number(size) % 3) + 1);
      try { if (!isShared) localStorage.setItem("size", size); } catch { /* as above */ }
      show();
    });
    show();
    tools.prepend(button);
  }

  // The menu of languages closes as menus do: by Esc, and by a touch elsewhere.
  const openMenu = () => document.querySelector(".languages[open]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !openMenu()) return;
    openMenu().querySelector("summary").focus();
    openMenu().open = false;
  });
  document.addEventListener("click", (event) => { if (openMenu() && !openMenu().contains(event.target)) openMenu().open = false; });

  const summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  // How many letters are left, in words, under every text field.
  function addCounters(part) {
    for (const area of part.querySelectorAll("textarea[data-left]")) {
      const note = document.createElement("p");
      note.className = "hint";
      const count = () => {
        const left = area.maxLength - area.value.length;
        note.setAttribute("aria-live", left % 100 ? "off" : "polite"); // not read aloud after every letter
        note.textContent = area.dataset.left.replace("{n}", left);
      };
      area.addEventListener("input", count);
      area.after(note);
      count();
    }
  }

  addSizes();
  addCounters(document);

  const send = document.querySelector("[data-send]");
  if (send) {
    send.form.addEventListener("submit", (event) => {
      if (event.submitter !== send) return;
      if (send.dataset.busy) { event.preventDefault(); return; }
      send.dataset.busy = "1";
      const status = document.querySelector("[data-sending]");
      if (status) status.textContent = status.dataset.sending;
    });
  }
  // A page that comes back from the browser's memory must be able to send again.
  addEventListener("pageshow", () => { if (send) delete send.dataset.busy; });

  // Texts into the downloads of the device; answers their names. A name by chance: files of many devices meet on one stick,
  // and it tells nothing.
  const saveFiles = (texts) => texts.map(saveFile).join(", ");

  function saveFile(text) {
    const name = `phieu-khao-sat-${crypto.getRandomValues(new Uint32Array(1))[0] % 900000 + 100000}.txt`;
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text], { type: "text/plain" })), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    return name;
  }

  globalThis.surveyPage = { addSizes, addCounters, fragment, saveFiles };
})();
