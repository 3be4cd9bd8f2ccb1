// The check page of a draft: what is typed into its cells is saved a moment later, so that no link or closed browser loses
// it. Without this script the tabs and buttons of the page are those of a form, which save as well.
(() => {
  "use strict";
  const PAUSE = 900; // milliseconds without a key before it is saved
  const AGAIN = 8000; // before it is tried again after a failure

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("form[data-autosave]");
    const status = document.querySelector("[data-saved]");
    if (!form || !status) return;
    const words = status.dataset;
    const kept = `check:${location.pathname}`;
    let timer = 0;
    let sending = false;

    const wasOf = (field) => form.elements[`was-${field.name}`];
    const unsent = () => [...form.querySelectorAll("input[name^=cell-]")].filter((field) => wasOf(field).value !== field.value.trim());

    // What could not be saved waits in this browser, as the table to type into does it.
    const remember = () => {
      const left = Object.fromEntries(unsent().map((field) => [field.name, field.value]));
      try {
        if (Object.keys(left).length) localStorage.setItem(kept, JSON.stringify(left));
        else localStorage.removeItem(kept);
      } catch { /* a browser without storage: the page itself still holds it */ }
    };

    const saved = (about, sent) => {
      for (const [field, value] of sent) {
        wasOf(field).value = value;
        if (field.value.trim() === value) field.defaultValue = field.value; // nothing to ask about on leaving
      }
      for (const [row, mark] of Object.entries(about.seen)) {
        const seen = form.elements[`seen-${row}`];
        if (seen) seen.value = mark;
      }
      status.textContent = about.saved;
    };

    const send = async () => {
      clearTimeout(timer);
      if (sending) { timer = setTimeout(send, PAUSE); return; }
      const sent = unsent().map((field) => [field, field.value.trim()]);
      if (!sent.length) return;
      sending = true;
      const out = new FormData();
      out.set("csrf_token", form.elements.csrf_token.value);
      for (const [field, value] of sent) {
        out.set(field.name, value);
        out.set(`was-${field.name}`, wasOf(field).value);
      }
      try {
        const answer = await fetch(form.action, { method: "POST", body: out, headers: { Accept: "application/json" } });
        // Another person changed the same cell or dropped the row: the page of the form shows both.
        if (answer.status === 409) form.requestSubmit();
        else if (answer.redirected || answer.status === 400) status.textContent = words.refused;
        else if (answer.ok) saved(await answer.json(), sent);
        else if (answer.status >= 500) throw new Error(String(answer.status));
        else status.textContent = words.refused;
      } catch {
        status.textContent = words.away;
        timer = setTimeout(send, AGAIN);
      }
      sending = false;
      remember();
    };

    form.addEventListener("input", (event) => {
      if (!event.target.matches("input[name^=cell-]")) return;
      status.textContent = words.typing;
      clearTimeout(timer);
      timer = setTimeout(send, PAUSE);
    });
    form.addEventListener("change", send);
    form.addEventListener("submit", () => { clearTimeout(timer); remember(); });
    window.addEventListener("online", send);
    try {
      const left = JSON.parse(localStorage.getItem(kept) || "{}");
      const found = Object.entries(left).filter(([name]) => form.elements[name]);
      for (const [name, value] of found) form.elements[name].value = value;
      if (found.length) send();
      else localStorage.removeItem(kept);
    } catch { localStorage.removeItem(kept); }
  });
})();
