// Small conveniences of the office pages; every page works without them.
(() => {
  "use strict";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const applyTheme = () => {
    const wish = root.dataset.theme;
    root.dataset.bsTheme = wish === "dark" || (wish !== "light" && system.matches) ? "dark" : "light";
  };
  applyTheme();
  system.addEventListener("change", applyTheme);

  document.addEventListener("DOMContentLoaded", () => {
    const summary = document.querySelector("[data-focus]");
    if (summary) summary.focus();
    // The menu folds on a phone only.
    const menu = document.querySelector(".menu");
    const wide = matchMedia("(min-width: 768px)");
    const fold = () => { if (menu) menu.open = wide.matches; };
    fold();
    wide.addEventListener("change", fold);
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", () => navigator.clipboard.writeText(button.dataset.copy));
    }
    for (const button of document.querySelectorAll("[data-print]")) {
      button.hidden = false;
      button.addEventListener("click", () => print());
    }
    // A select that applies at once keeps its button for those without script.
    for (const field of document.querySelectorAll("[data-submit-on-change]")) {
      field.addEventListener("change", () => field.form.requestSubmit());
    }
    // Two rows side by side: 1, 2, 3 choose, Enter saves.
    const choice = document.querySelector("[data-choice-keys]");
    if (choice) {
      const options = [...choice.querySelectorAll("[name=verdict]")];
      for (const hint of choice.querySelectorAll(".key-hint")) hint.hidden = false;
      document.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("textarea, select, input[type=text], input[type=search]")) return;
        const option = options[Number(event.key) - 1];
        if (option) {
          option.checked = true;
          option.focus();
          event.preventDefault();
        } else if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
          event.preventDefault();
          choice.requestSubmit();
        }
      });
    }
  });
})();
