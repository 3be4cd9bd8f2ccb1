// The check page of a draft: what is typed into its cells is saved a moment later, so that no link or closed browser loses
// it. Without this script the tabs and buttons of the page are those of a form, which save as well.
(() => {
  "use strict";
  const { PAUSE, AGAIN, send, inBrowser } = globalThis.surveyAutosave;

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("form[data-autosave]");
    const status = document.querySelector("[data-saved]");
    if (!form || !status) return;
    const words = status.dataset;
    const waiting = inBrowser(`check:${location.pathname}`);
    let timer = 0;
    let sending = false;

    const wasOf = (field) => form.elements[`was-${field.name}`];
    const unsent = () => [...form.querySelectorAll("input[name^=cell-]")].filter((field) => wasOf(field).value !== field.value.trim());

    // A cell is kept with the value it was typed over: sent after a reload, it must still meet what another stored since.
    const remember = () => {
      const left = unsent().map((field) => [field.name, { text: field.value, was: wasOf(field).value }]);
      waiting.keep(left.length ? Object.fromEntries(left) : null);
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

    const save = async () => {
      clearTimeout(timer);
      if (sending) { timer = setTimeout(save, PAUSE); return; }
      const sent = unsent().map((field) => [field, field.value.trim()]);
      if (!sent.length) return;
      sending = true;
      const out = new FormData();
      out.set("csrf_token", form.elements.csrf_token.value);
      for (const [field, value] of sent) {
        out.set(field.name, value);
        out.set(`was-${field.name}`, wasOf(field).value);
      }
      const { state, about } = await send(form.action, out);
      sending = false;
      if (state === "stored") saved(about, sent);
      else status.textContent = words[state] || "";
      if (state === "away") timer = setTimeout(save, AGAIN);
      remember();
      // Another person changed the same cell or dropped the row: the page of the form shows both.
      if (state === "clash") form.requestSubmit();
    };

    form.addEventListener("input", (event) => {
      if (!event.target.matches("input[name^=cell-]")) return;
      status.textContent = words.typing;
      clearTimeout(timer);
      timer = setTimeout(save, PAUSE);
    });
    form.addEventListener("change", save);
    form.addEventListener("submit", () => { clearTimeout(timer); waiting.keep(null); });
    window.addEventListener("online", save);
    const left = Object.entries(waiting.kept()).filter(([name]) => form.elements[name]);
    for (const [name, { text, was }] of left) {
      form.elements[name].value = text;
      form.elements[`was-${name}`].value = was;
    }
    waiting.keep(null);
    if (left.length) { remember(); save(); }
  });
})();
