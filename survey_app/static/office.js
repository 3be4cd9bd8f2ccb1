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

  // A file of its own tells what it is: title above, how to read it, rules and source below, in lines of the width.
  const writeAround = (copy) => {
    const [, , width, height] = copy.getAttribute("viewBox").split(" ").map(Number);
    const lines = (words, most) => words.split(" ").reduce((found, word) => {
      const last = found[found.length - 1];
      if (last && `${last} ${word}`.length <= most) found[found.length - 1] = `${last} ${word}`;
      else found.push(word);
      return found;
    }, []);
    const write = (words, y, size, weight, fill) => {
      const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
      const facts = { x: 0, y, "font-size": size, "font-weight": weight, fill };
      for (const [property, value] of Object.entries(facts)) text.setAttribute(property, value);
      text.textContent = words;
      copy.append(text);
    };
    const title = lines(copy.dataset.title || "", Math.floor(width / 9));
    const below = ["note", "rule", "source"].flatMap((name) => lines(copy.dataset[name] || "", Math.floor(width / 6))).filter(Boolean);
    const top = 22 * title.length + 10;
    title.forEach((words, number) => write(words, 22 * number - top + 18, 16, 650, "#1a1f26"));
    below.forEach((words, number) => write(words, height + 18 + 15 * number, 11, 400, "#4a5462"));
    const whole = height + top + 15 * below.length + 16;
    copy.setAttribute("viewBox", `-10 ${-top - 6} ${width + 20} ${whole + 6}`);
    copy.setAttribute("width", width + 20);
    copy.setAttribute("height", whole + 6);
    for (const name of ["title", "note", "rule", "source"]) delete copy.dataset[name];
    const heading = document.createElementNS("http://www.w3.org/2000/svg", "title");
    heading.textContent = title.join(" ");
    copy.prepend(heading);
    return [-10, -top - 6];
  };

  // A chart as a file of its own: colours of the page's light look written in, white ground, twice the size as .png.
  const saveChart = (chart, name, kind) => {
    const copy = chart.cloneNode(true);
    const look = root.dataset.bsTheme;
    root.dataset.bsTheme = "light";
    const colours = getComputedStyle(root);
    for (const part of copy.querySelectorAll("*"))
      for (const property of ["fill", "stroke"]) {
        const found = /^var\((--[a-z0-9-]+)\)$/.exec(part.getAttribute(property) || "");
        if (found) part.setAttribute(property, colours.getPropertyValue(found[1]).trim());
      }
    root.dataset.bsTheme = look;
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [property, value] of [["width", "100%"], ["height", "100%"], ["fill", "#fff"]]) ground.setAttribute(property, value);
    const [left, above] = writeAround(copy);
    ground.setAttribute("x", left);
    ground.setAttribute("y", above);
    copy.prepend(ground);
    const drawing = new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
    const give = (blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = `${name}.${kind}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    };
    if (kind === "svg") return give(drawing);
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = 2 * copy.width.baseVal.value;
      canvas.height = 2 * copy.height.baseVal.value;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(give, "image/png");
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  };

  // A form with typed changes asks before a link, another form or a closed window throws them away.
  const guard = (form) => {
    let leaving = false;
    const fields = () => [...form.elements].filter((field) => field.name && !["hidden", "submit"].includes(field.type));
    const stands = (field) =>
      field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
        : field.options ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.dataset.typed
          : field.value !== field.defaultValue;
    form.addEventListener("change", (event) => { event.target.dataset.typed = "1"; });
    form.addEventListener("submit", () => { leaving = true; });
    window.addEventListener("beforeunload", (event) => { if (!leaving && fields().some(stands)) event.preventDefault(); });
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form[data-guard]")) guard(form);
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
    for (const bar of document.querySelectorAll("[data-save-chart]")) {
      bar.hidden = false;
      bar.addEventListener("click", (event) => {
        const button = event.target.closest("[data-kind]");
        if (button) saveChart(bar.parentElement.querySelector("svg[role=img]"), bar.dataset.saveChart, button.dataset.kind);
      });
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
