// The table of a typed list. Without this script it is a form that is saved with its buttons; with it, a block copied in
// Excel spreads over cells, what is typed is saved and checked by the server while one types, and nothing is lost when
// the network is away: what has not reached the server waits in this browser, and goes from there once it has.
(() => {
  "use strict";
  const MOST_ROWS = 300;
  const { PAUSE, AGAIN, send, inBrowser } = globalThis.surveyAutosave;

  // Cells of a block as a spreadsheet puts it on the clipboard: tabs, line ends, quotes around what holds either.
  const readBlock = (text) => {
    const rows = [[""]];
    let quoted = false;
    for (let at = 0; at < text.length; at += 1) {
      const sign = text[at];
      const row = rows[rows.length - 1];
      if (quoted) {
        if (sign === '"' && text[at + 1] === '"') { row[row.length - 1] += '"'; at += 1; }
        else if (sign === '"') quoted = false;
        else row[row.length - 1] += sign === "\n" || sign === "\r" ? " " : sign;
      } else if (sign === '"' && row[row.length - 1] === "") quoted = true;
      else if (sign === "\t") row.push("");
      else if (sign === "\n") rows.push([""]);
      else if (sign !== "\r") row[row.length - 1] += sign;
    }
    while (rows.length > 1 && rows[rows.length - 1].every((cell) => cell === "")) rows.pop();
    return rows.map((row) => row.map((cell) => cell.replace(/\s+/g, " ").trim()));
  };

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("[data-grid]");
    if (!form) return;
    const body = form.querySelector("tbody");
    const said = form.querySelector("[data-paste-said]");
    const status = document.querySelector("[data-saved]");
    const words = status.dataset;
    const token = form.querySelector("[name=csrf_token]").value;
    const waiting = inBrowser(`typed:${location.pathname}`);
    // Steps to take back, and those that were taken back: {back, again} of one cell, one block, one row.
    const done = [];
    const undone = [];
    let entered = null; // the cell in hand, and what stood in it
    let known = Number(form.dataset.known);
    let dirty = false;
    let sending = false;
    let timer = 0;
    // What was pressed and has not reached the server: rows taken off or brought back, persons of last year.
    const drop = new Set();
    const restore = new Set();
    const confirmed = new Set();
    const asked = new Set();
    const pressed = { drop, restore, confirm: confirmed, ask_again: asked };
    for (const hint of document.querySelectorAll("[data-paste-hint]")) hint.hidden = false;

    const rows = () => [...body.rows].filter((row) => !row.hasAttribute("data-told") && !row.hidden);
    const cells = (row) => [...row.querySelectorAll("input[data-field]")];
    const rowOf = (element) => element.closest("tr");
    const keyOf = (row) => row.id.replace(/^row-/, "");
    const isNew = (row) => row.hasAttribute("data-new");

    const speak = (text) => {
      said.textContent = text;
      said.classList.remove("visually-hidden");
      said.classList.add("in", "p-3", "mb-0");
    };

    // ---- rows

    const addRow = () => {
      const last = [...body.querySelectorAll("tr[data-new]")].pop();
      if (!last || rows().length >= MOST_ROWS) return null;
      const row = last.cloneNode(true);
      const number = Number(last.querySelector("input").name.split("-")[1]) + 1;
      const shown = Number(last.cells[0].textContent) + 1;
      row.hidden = false;
      row.cells[0].textContent = shown;
      for (const field of cells(row)) {
        field.value = "";
        field.name = field.id = `new-${number}-${field.dataset.field}`;
        field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, shown));
      }
      body.append(row);
      return row;
    };

    // A row that the server has: its cells are known by the row's number and carry what was stored.
    const settle = (row, table, number) => {
      row.removeAttribute("data-new");
      row.id = `row-${table}-${number}`;
      row.cells[0].textContent = number;
      for (const field of cells(row)) {
        field.name = field.id = `cell-${table}-${number}-${field.dataset.field}`;
        field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, number));
        const was = document.createElement("input");
        was.type = "hidden";
        was.name = `was-${field.name}`;
        field.before(was);
      }
    };

    const wasOf = (field) => form.elements[`was-${field.name}`];

    const tell = (row, about) => {
      const number = row.cells[0].textContent;
      row.className = `is-${about.state}${about.told.length ? " has-told" : ""}${row.classList.contains("at") ? " at" : ""}`;
      const result = row.cells[row.cells.length - 1];
      const stands = row.querySelector(".stands"); // in a list begun from last year's
      const held = row.contains(document.activeElement) ? document.activeElement.name : "";
      result.innerHTML = about.badge; // the server's own markup, escaped there
      if (stands) stands.innerHTML = about.stands;
      const offer = (name, text, look) => {
        const button = document.createElement("button");
        button.className = `btn btn-sm ${look}`;
        button.name = name;
        button.value = keyOf(row);
        button.textContent = text;
        const where = document.createElement("span");
        where.className = "visually-hidden";
        where.textContent = `, ${words.row.replace("{n}", number)}`;
        button.append(where);
        (stands || result).append(" ", button);
        if (held === name) button.focus();
      };
      if (about.confirm) offer("confirm", about.confirm, "btn-outline-secondary");
      if (about.drop) offer("drop", about.drop, "btn-link");
      let next = row.nextElementSibling;
      if (!next || !next.hasAttribute("data-told")) {
        next = document.createElement("tr");
        next.setAttribute("data-told", "");
        const blank = next.insertCell();
        blank.className = "rowno";
        blank.setAttribute("aria-hidden", "true");
        const cell = next.insertCell();
        cell.className = "told";
        cell.colSpan = row.cells.length - 1;
        cell.id = `told-${number}`;
        row.after(next);
      }
      const cell = next.cells[1];
      for (const old of [...cell.querySelectorAll(":scope > p")]) old.remove();
      const lines = about.told.map((one) => {
        const line = document.createElement("p");
        line.className = one.blocks ? "error" : "warning";
        const text = document.createElement("span");
        text.textContent = `${one.blocks ? words.error : words.warning}: ${one.words}`;
        line.append(text);
        const field = cells(row).find((input) => input.dataset.field === one.field);
        if (one.offer && field) {
          const take = document.createElement("button");
          take.type = "button";
          take.className = "btn btn-sm btn-outline-secondary";
          take.textContent = one.offer.words;
          take.addEventListener("click", () => { put([[field, one.offer.text]]); field.focus(); });
          line.append(" ", take);
        }
        return line;
      });
      cell.prepend(...lines);
      next.className = `is-${about.state}${row.classList.contains("at") ? " at" : ""}`;
      next.hidden = !cell.textContent.trim();
      for (const field of cells(row)) {
        const faulty = about.told.some((one) => one.blocks && one.field === field.dataset.field);
        field.classList.toggle("is-invalid", faulty);
        if (faulty) { field.setAttribute("aria-invalid", "true"); field.setAttribute("aria-describedby", cell.id); }
        else { field.removeAttribute("aria-invalid"); field.removeAttribute("aria-describedby"); }
      }
    };

    // In the row in hand an empty cell is no fault yet: it is told when the row is left.
    const heard = new Map(); // row -> what the server said of it last
    const tellSoFar = (row) => {
      const about = heard.get(row);
      const told = about.told.filter((one) => !one.missing);
      if (told.length === about.told.length || !row.contains(document.activeElement)) tell(row, about);
      else tell(row, { ...about, told, state: told.some((one) => one.blocks) ? "error" : "open", badge: "" });
    };

    // A row that was emptied is no person: nothing is said of it, as of a row that nobody wrote into.
    const tellBlank = (row) => {
      tell(row, { state: "blank", told: [], badge: "", stands: "", confirm: "", drop: "" });
      const blank = document.createElement("span");
      blank.className = "quiet";
      blank.textContent = words.emptied;
      row.cells[row.cells.length - 1].append(blank);
    };

    // ---- columns that need not be filled fold away while they are empty and the table is wider than its place

    const foldButton = form.querySelector("[data-fold]");
    const optional = [...form.querySelectorAll("th[data-optional]")];
    const column = (field) => [...body.rows].flatMap((row) => cells(row).filter((one) => one.dataset.field === field));
    const fold = (folded) => {
      const away = optional.filter((head) => folded && column(head.dataset.optional).every((one) => !one.value));
      for (const head of optional) {
        head.hidden = away.includes(head);
        for (const one of column(head.dataset.optional)) one.parentElement.hidden = head.hidden;
      }
      form.dataset.folded = folded ? "yes" : "";
      foldButton.textContent = folded ? foldButton.dataset.more.replace("{n}", away.length) : foldButton.dataset.fewer;
      foldButton.hidden = !away.length && folded;
    };
    foldButton.addEventListener("click", () => fold(!form.dataset.folded));

    // ---- saving

    const changed = (field) => {
      const was = wasOf(field);
      return was ? was.value !== field.value.trim() : field.value.trim() !== "";
    };

    const unsent = () => {
      const left = {};
      for (const field of form.querySelectorAll("input[data-field]")) if (changed(field)) left[field.name] = field.value;
      return left;
    };

    // A cell is kept with the value it was typed over: sent after a reload, it must still meet what another stored since.
    const remember = () => {
      const left = Object.entries(unsent()).map(([name, text]) => [name, { text, was: form.elements[`was-${name}`]?.value }]);
      waiting.keep(left.length ? { known, cells: Object.fromEntries(left) } : null);
    };

    const touch = () => {
      dirty = true;
      status.textContent = words.typing;
      remember();
      clearTimeout(timer);
      timer = setTimeout(save, PAUSE);
    };

    // ---- one step back, one again

    const fill = (pairs) => { for (const [field, value] of pairs) field.value = value; };
    const undoButton = form.querySelector("[data-undo]");
    const made = (step) => { done.push(step); undone.length = 0; undoButton.hidden = false; };
    const enter = (field) => { entered = { field, text: field.value }; };

    // What was typed into a cell is one step, not one for each letter.
    const closeCell = () => {
      if (!entered || entered.field.value === entered.text) return;
      const { field, text } = entered;
      const now = field.value;
      made({ at: field, back: () => fill([[field, text]]), again: () => fill([[field, now]]) });
      enter(field);
    };

    // Puts values into cells as one step.
    const put = (pairs) => {
      closeCell();
      const before = pairs.map(([field]) => [field, field.value]);
      fill(pairs);
      made({ at: pairs[0]?.[0], back: () => fill(before), again: () => fill(pairs) });
      if (entered) enter(entered.field);
      touch();
    };

    const act = (step) => {
      closeCell();
      step.again();
      made(step);
      touch();
    };

    const takeStep = (from, to, name, words) => {
      closeCell();
      const step = from.pop();
      if (!step) return;
      step[name]();
      to.push(step);
      undoButton.hidden = !done.length;
      if (step.at?.isConnected && !rowOf(step.at).hidden) step.at.focus();
      if (entered) enter(entered.field);
      speak(words);
      touch();
    };

    const save = async () => {
      clearTimeout(timer);
      if (sending) { dirty = true; return; }
      sending = true;
      dirty = false;
      const sent = unsent();
      const out = new FormData();
      out.set("csrf_token", token);
      out.set("known", known);
      for (const [field, value] of Object.entries(sent)) {
        out.set(field, value);
        const was = form.elements[`was-${field}`];
        if (was) out.set(`was-${field}`, was.value);
      }
      const acts = Object.entries(pressed).flatMap(([name, keys]) => [...keys].map((key) => [name, key]));
      for (const [name, key] of acts) out.append(name, key);
      const { state, about } = await send(form.dataset.live, out);
      if (state === "clash") clash(about);
      else if (state === "stored") saved(about, sent, acts);
      else status.textContent = words[state];
      if (state === "away") timer = setTimeout(save, AGAIN);
      sending = false;
      if (dirty) timer = setTimeout(save, PAUSE);
    };

    const saved = (about, sent, acts) => {
      for (const [name, key] of acts) pressed[name].delete(key);
      for (const [number, stored] of Object.entries(about.placed)) {
        const field = form.elements[[...Object.keys(sent)].find((one) => one.startsWith(`new-${number}-`))];
        if (field) settle(rowOf(field), about.table, stored);
      }
      for (const [old, value] of Object.entries(sent)) {
        const [kind, number, ...field] = old.split("-");
        const now = kind === "new" && number in about.placed ? `cell-${about.table}-${about.placed[number]}-${field.join("-")}` : old;
        const was = form.elements[`was-${now}`];
        if (was) was.value = value.trim();
      }
      known = about.known;
      for (const row of rows()) if (!isNew(row)) {
        const told = about.rows[keyOf(row).split("-")[1]];
        if (told) { heard.set(row, told); tellSoFar(row); }
        else if (cells(row).every((field) => !field.value)) tellBlank(row);
      }
      for (const field of document.querySelectorAll("[data-kept]")) field.textContent = about.kept;
      form.querySelector("[data-general]").replaceChildren(...about.general.map((text) => {
        const line = document.createElement("p");
        line.textContent = text;
        return line;
      }));
      const standing = form.querySelector("[data-standing]");
      if (standing) {
        standing.textContent = about.standing;
        form.querySelector("[data-confirm-all]").hidden = !about.open;
      }
      remember();
      const waits = Object.values(pressed).some((keys) => keys.size) || Object.keys(unsent()).length;
      if (!waits) status.textContent = about.saved;
      else dirty = true;
      show();
    };

    // Another person changed the same cells: both values are shown, nothing is written before a choice.
    const clash = (about) => {
      status.textContent = words.clash.replace("{who}", about.who);
      for (const one of about.clashes) {
        const field = form.elements[one.name];
        if (!field) continue;
        const was = wasOf(field);
        const box = document.createElement("div");
        box.className = "told";
        const line = document.createElement("p");
        line.className = "warning";
        line.textContent = words.theirs.replace("{who}", about.who).replace("{text}", one.theirs || words.blank);
        const choose = (text, act) => {
          const button = document.createElement("button");
          button.type = "button";
          button.className = "btn btn-sm btn-outline-secondary";
          button.textContent = text;
          button.addEventListener("click", () => { was.value = one.theirs; act(); box.remove(); field.focus(); touch(); });
          return button;
        };
        box.append(line, choose(words.takeTheirs, () => { field.value = one.theirs; }), " ", choose(words.keepMine, () => {}));
        field.parentElement.querySelector("div.told")?.remove();
        field.after(box);
      }
    };

    // ---- pasting

    const ask = (block, guess) => new Promise((done) => {
      const dialog = form.querySelector("[data-columns]");
      const list = dialog.querySelector("tbody");
      const first = cells(rows()[0]);
      list.replaceChildren(...block[0].map((_cell, at) => {
        const line = document.createElement("tr");
        const sample = line.insertCell();
        sample.textContent = block.slice(0, 3).map((row) => row[at] || "").filter(Boolean).join(" · ");
        const choice = document.createElement("select");
        choice.className = "form-select";
        choice.setAttribute("aria-label", words.column.replace("{n}", at + 1));
        choice.append(new Option(words.skip, ""));
        for (const field of first) choice.append(new Option(field.dataset.title, field.dataset.field));
        choice.value = guess[at] || "";
        line.insertCell().append(choice);
        return line;
      }));
      for (const button of dialog.querySelectorAll("[data-close]")) button.onclick = () => dialog.close(button.dataset.close);
      dialog.onclose = () => done(dialog.returnValue === "paste" ? [...list.querySelectorAll("select")].map((one) => one.value) : null);
      dialog.showModal();
    });

    const headings = async (titles) => {
      const out = new FormData();
      out.set("csrf_token", token);
      for (const title of titles) out.append("heading", title);
      try {
        const answer = await fetch(form.dataset.headings, { method: "POST", body: out });
        return answer.ok ? (await answer.json()).fields : [];
      } catch { return []; }
    };

    const paste = async (text, target) => {
      let block = readBlock(text);
      const from = rowOf(target);
      const width = Math.max(...block.map((row) => row.length));
      const seen = cells(from).filter((field) => !field.parentElement.hidden);
      if (width > seen.length - seen.indexOf(target)) fold(false); // a block as wide as the whole list has them all
      const own = cells(from).filter((field) => !field.parentElement.hidden).map((field) => field.dataset.field);
      const first = own.indexOf(target.dataset.field);
      for (const row of block) while (row.length < width) row.push("");
      let fields = block[0].map((_cell, at) => own[first + at] || "");
      const named = width > 1 && block.length > 1 ? await headings(block[0]) : [];
      const isHead = named.filter((field) => own.includes(field)).length >= Math.min(2, width);
      if (isHead) { fields = named.map((field) => (own.includes(field) ? field : "")); block = block.slice(1); }
      const homeless = fields.some((field, at) => !field && block.some((row) => row[at]));
      if (homeless) {
        const chosen = await ask(block, fields);
        if (!chosen) return;
        fields = chosen;
      }
      const pairs = [];
      let place = rows().indexOf(from);
      let left = 0;
      for (const line of block) {
        const row = rows()[place] || addRow();
        const byField = row ? Object.fromEntries(cells(row).map((field) => [field.dataset.field, field])) : {};
        line.forEach((value, at) => {
          const field = byField[fields[at]];
          if (field) pairs.push([field, value]);
          else if (value && !row) left += 1;
        });
        place += 1;
      }
      put(pairs);
      if (form.dataset.folded) fold(true); // what got a value comes out
      speak(said.dataset.words.replace("{n}", pairs.length) + (left ? ` ${said.dataset.wordsLeft.replace("{n}", left)}` : ""));
      target.focus();
    };

    form.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text/plain");
      if (!event.target.matches("input[data-field]") || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
      event.preventDefault();
      paste(text, event.target);
    });

    // ---- keys

    const takeOff = (row) => {
      const rest = rows();
      const next = rest[rest.indexOf(row) + 1] || rest[rest.indexOf(row) - 1];
      if (isNew(row)) put(cells(row).map((field) => [field, ""]));
      else {
        const key = keyOf(row);
        const told = row.nextElementSibling?.hasAttribute("data-told") ? row.nextElementSibling : null;
        act({
          at: cells(row)[0],
          again: () => { row.hidden = true; if (told) told.hidden = true; drop.add(key); restore.delete(key); },
          back: () => { row.hidden = false; drop.delete(key); restore.add(key); },
        });
      }
      step(next);
      if (next) cells(next)[0].focus();
      speak(said.dataset.dropped.replace("{n}", row.cells[0].textContent));
    };

    form.addEventListener("input", (event) => {
      if (!event.target.matches("input[data-field]")) return;
      touch();
    });

    // «Vẫn còn»: the focus goes on to the next person who waits for a word, so that one key says it of all.
    const stillThere = (row, field) => {
      const open = (one) => one.querySelector("button[name=confirm]");
      if (open(row)) {
        const key = keyOf(row);
        act({
          at: field || cells(row)[0],
          again: () => { confirmed.add(key); asked.delete(key); },
          back: () => { confirmed.delete(key); asked.add(key); },
        });
      }
      const rest = rows();
      const later = rest.slice(rest.indexOf(row) + 1);
      const next = later.find(open) || (field && later[0]);
      if (!next) return;
      step(next);
      (field ? cells(next)[cells(row).indexOf(field)] : open(next)).focus();
    };

    form.addEventListener("click", (event) => {
      const button = event.target.closest("button[name=drop], button[name=confirm]");
      if (!button) return;
      event.preventDefault();
      if (button.name === "drop") takeOff(rowOf(button));
      else stillThere(rowOf(button));
    });

    form.addEventListener("keydown", (event) => {
      if (!event.target.matches("input[data-field]")) return;
      const command = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (key === "z" && command && !event.shiftKey) {
        event.preventDefault();
        takeStep(done, undone, "back", said.dataset.undone);
      } else if ((key === "y" && command) || (key === "z" && command && event.shiftKey)) {
        event.preventDefault();
        takeStep(undone, done, "again", said.dataset.again);
      } else if (event.key === "Enter" && command) {
        event.preventDefault();
        stillThere(rowOf(event.target), event.target);
      } else if (event.key === "Delete" && command && event.shiftKey) {
        event.preventDefault();
        takeOff(rowOf(event.target));
      } else if (event.key === "Enter" && !command && !event.shiftKey) {
        event.preventDefault();
        const row = rowOf(event.target);
        const below = rows()[rows().indexOf(row) + 1] || addRow();
        if (!below) return;
        step(below);
        cells(below)[cells(row).indexOf(event.target)].focus();
      }
    });

    // ---- one person at a time, on a narrow screen

    let at = null;
    const show = () => {
      const all = rows();
      const open = (row) => row.classList.contains("has-told") || row.querySelector("button[name=confirm]");
      const waits = (field) => field.placeholder && !field.value; // this year's dossier of a person of last year
      const unfinished = (row) => open(row) || cells(row).some(waits) || cells(row).every((field) => !field.value);
      if (!all.includes(at)) at = all.find(unfinished) || all[0];
      for (const row of body.rows) row.classList.toggle("at", row === at || (row.hasAttribute("data-told") && row.previousElementSibling === at));
      form.querySelector("[data-place]").textContent = words.place.replace("{n}", all.indexOf(at) + 1).replace("{all}", all.length);
    };
    const step = (row) => { if (row) { at = row; show(); } };
    form.querySelector("[data-next]").addEventListener("click", () => {
      const all = rows();
      const next = all[all.indexOf(at) + 1] || addRow();
      if (next) { step(next); cells(next)[0].focus(); }
    });
    form.querySelector("[data-previous]").addEventListener("click", () => {
      const all = rows();
      const before = all[all.indexOf(at) - 1];
      if (before) { step(before); cells(before)[0].focus(); }
    });
    form.addEventListener("focusin", (event) => {
      if (!event.target.matches("input[data-field]")) return;
      enter(event.target);
      const left = at;
      step(rowOf(event.target));
      if (left !== at && heard.has(left)) tellSoFar(left);
    });
    form.addEventListener("focusout", closeCell);
    undoButton.addEventListener("click", () => takeStep(done, undone, "back", said.dataset.undone));
    form.classList.add("one-by-one");
    form.querySelector("[data-by-one]").hidden = false;
    const place = body.closest(".box");
    if (optional.length && (place.scrollWidth > place.clientWidth || matchMedia("(max-width: 767px)").matches)) fold(true);
    show();

    // ---- what did not reach the server last time

    window.addEventListener("online", () => { if (Object.keys(unsent()).length) save(); });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      waiting.keep(null);
    });
    const left = waiting.kept();
    const found = Object.entries(left.cells || {}).filter(([field]) => {
      let input = form.elements[field];
      while (!input && field.startsWith("new-") && addRow()) input = form.elements[field];
      return input;
    });
    if (found.length) {
      known = Math.min(known, left.known);
      for (const [name, { was }] of found) if (was !== undefined) form.elements[`was-${name}`].value = was;
      put(found.map(([name, { text }]) => [form.elements[name], text]));
      status.textContent = words.found;
    }
    if (form.dataset.folded) fold(true);
  });
})();
