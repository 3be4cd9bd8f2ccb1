// The table of a typed list: a block copied in Excel spreads over cells, Enter goes down. The page works without it.
(() => {
  "use strict";
  document.addEventListener("DOMContentLoaded", () => {
    const grid = document.querySelector("[data-grid]");
    if (!grid) return;
    const body = grid.querySelector("tbody");
    const said = grid.querySelector("[data-paste-said]");
    const mostRows = 300;
    let undo = null;
    for (const hint of document.querySelectorAll("[data-paste-hint]")) hint.hidden = false;

    const rows = () => [...body.rows].filter((row) => !row.hasAttribute("data-told"));
    const cells = (row) => [...row.querySelectorAll("input[data-field]")];

    const addRow = () => {
      const last = [...body.querySelectorAll("[data-new]")].pop();
      if (!last || rows().length >= mostRows) return null;
      const row = last.cloneNode(true);
      const number = Number(last.querySelector("input").name.split("-")[1]) + 1;
      const shown = Number(last.cells[0].textContent) + 1;
      row.cells[0].textContent = shown;
      for (const field of cells(row)) {
        field.value = "";
        field.name = field.id = `new-${number}-${field.dataset.field}`;
        field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, shown));
      }
      body.append(row);
      return row;
    };

    grid.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text/plain").replace(/\r?\n$/, "");
      if (!event.target.matches("input[data-field]") || !/[\t\n]/.test(text)) return;
      event.preventDefault();
      const from = event.target.closest("tr");
      const column = cells(from).indexOf(event.target);
      let place = rows().indexOf(from);
      let pasted = 0;
      let left = 0;
      undo = [];
      for (const line of text.split(/\r?\n/)) {
        const row = rows()[place] || addRow();
        line.split("\t").forEach((value, offset) => {
          const field = row && cells(row)[column + offset];
          if (!field) { if (value.trim()) left += 1; return; }
          undo.push([field, field.value]);
          field.value = value.trim();
          pasted += 1;
        });
        place += 1;
      }
      said.textContent = said.dataset.words.replace("{n}", pasted) + (left ? " " + said.dataset.wordsLeft.replace("{n}", left) : "");
      said.classList.remove("visually-hidden");
      said.classList.add("in", "p-3", "mb-0");
    });

    grid.addEventListener("input", () => { undo = null; });
    grid.addEventListener("keydown", (event) => {
      if (!event.target.matches("input[data-field]")) return;
      if (event.key === "z" && (event.ctrlKey || event.metaKey) && undo) {
        event.preventDefault();
        for (const [field, value] of undo.reverse()) field.value = value;
        undo = null;
        said.textContent = "";
        return;
      }
      if (event.key !== "Enter" || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      const row = event.target.closest("tr");
      const below = rows()[rows().indexOf(row) + 1] || addRow();
      if (below) cells(below)[cells(row).indexOf(event.target)].focus();
    });
  });
})();
