// The path through a questionnaire, as survey_app/questionnaires/path.py and answer_values.py compute it.
// surveyForm.assess(rules, raw, today) -> {screens, live, faults, answers}; `raw` holds the fields as typed: name -> [text].
// surveyForm.ratingsOf(content, answers) -> what is sealed beside the version; `content` is what /p/form gives out.
(() => {
  "use strict";
  const { evaluate, holds, asText } = surveyExpression;
  const MOST_COMPUTED = 200;
  const MOST_LETTERS = 2000;
  const MOST_BYTES = 6000;
  const LARGEST = 1e9;
  const OF_CHOICES = ["select_one", "select_multiple", "rank"];
  const utf8 = new TextEncoder();

  const isComputed = (question) => ["calculate", "hidden"].includes(question.kind) || Boolean(question.read_only);
  const isAnswered = (question) => question.kind !== "note" && !isComputed(question) && question.appearance !== "label";
  const isShown = (question) => !["calculate", "hidden"].includes(question.kind);
  const isGiven = (answer) => answer !== undefined && answer !== "" && !(Array.isArray(answer) && answer.length === 0);

  function clean(text) {
    return text.normalize("NFC").replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n]|\p{Cs}/gu, "").trim();
  }

  function readNumber(text, kind) {
    if (text.length > 15) return text;
    const shape = kind === "integer" ? /^[+-]?[0-9]+$/ : /^[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)$/;
    return shape.test(text) ? Number(text.replace(",", ".")) + 0 : text;
  }

  function readPlaces(parts) {
    const placed = new Map();
    for (const part of parts) {
      const [place, name] = part.split(/:(.*)/s);
      if (name !== undefined && /^[0-9]{1,3}$/.test(place) && !placed.has(Number(place))) placed.set(Number(place), name);
    }
    return [...placed.keys()].sort((a, b) => a - b).map((place) => placed.get(place));
  }

  // The fields of one question as an answer; what cannot be read stays text and is a fault afterwards.
  function read(question, parts) {
    if (question.kind === "rank") return readPlaces(parts);
    if (question.kind === "select_multiple") return [...new Set(parts.filter(Boolean))];
    const value = parts.length ? clean(parts[parts.length - 1]) : "";
    if (["integer", "decimal", "range"].includes(question.kind) && value) return readNumber(value, question.kind);
    const local = question.kind === "date" && /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(value);
    return local ? `${local[3]}-${local[2].padStart(2, "0")}-${local[1].padStart(2, "0")}` : value;
  }

  function isStep(question, value) {
    const { start = "1", end = "10", step = "1" } = question.parameters || {};
    const places = Math.max(...[start, step].map((text) => (text.split(".")[1] || "").length));
    const count = Math.round((value - Number(start)) / Number(step));
    const exact = Number((Number(start) + count * Number(step)).toFixed(places));
    return count >= 0 && value <= Number(end) && exact === value;
  }

  function isDate(text) {
    const match = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
    if (!match) return false;
    const [year, month, day] = match.slice(1).map(Number);
    const date = new Date(Date.UTC(year, month - 1, day));
    return year >= 1900 && year <= 2100 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  }

  function faultOfChoices(question, value, offered) {
    const chosen = Array.isArray(value) ? value : [value];
    const names = new Set(offered.map((choice) => choice.name));
    if (new Set(chosen).size !== chosen.length || chosen.some((name) => !names.has(name))) return "not_a_choice";
    return question.kind === "rank" && chosen.length !== names.size ? "not_all_ranked" : "";
  }

  // Kind of the fault of one answer, "" for none; `offered` are the choices that the filter leaves.
  function faultOf(question, value, offered, required = true) {
    const nothingLeft = OF_CHOICES.includes(question.kind) && !offered.length; // a choice_filter has taken away all
    if (!isGiven(value)) return required && question.required && !nothingLeft ? "required" : "";
    switch (question.kind) {
      case "select_one": case "select_multiple": case "rank": return faultOfChoices(question, value, offered);
      case "integer": return Number.isInteger(value) && Math.abs(value) <= LARGEST ? "" : "not_an_integer";
      case "decimal": return Number.isFinite(value) && Math.abs(value) <= LARGEST ? "" : "not_a_number";
      case "range": return Number.isFinite(value) && isStep(question, value) ? "" : "not_in_range";
      case "date": return isDate(value) ? "" : "not_a_date";
      case "acknowledge": return value === "OK" ? "" : "required";
      default: return [...value].length > MOST_LETTERS || utf8.encode(value).length > MOST_BYTES ? "too_long" : "";
    }
  }

  // A computed value as it is kept: nothing for what is no number.
  function computedText(value) {
    if (typeof value === "boolean") return value ? "1" : "0";
    const text = asText(value);
    return ["NaN", "Infinity", "-Infinity"].includes(text) ? "" : [...text].slice(0, MOST_COMPUTED).join("");
  }

  // The question as it is asked now; its answer is put among the live ones, which conditions may look at.
  function ask(question, sound, live, lists) {
    let offered = lists[question.list] || [];
    if (question.choice_filter) {
      offered = offered.filter((choice) => holds(question.choice_filter, live, { row: { ...choice.cells, name: choice.name } }));
    }
    let answer = "";
    if (isComputed(question)) {
      answer = question.calculation
        ? computedText(evaluate(question.calculation, live))
        : question.default || "";
    } else if (isAnswered(question) && Object.hasOwn(sound, question.name)) {
      answer = sound[question.name];
      if (question.choice_filter) {
        const names = offered.map((choice) => choice.name);
        answer = Array.isArray(answer) ? answer.filter((name) => names.includes(name)) : names.includes(answer) ? answer : "";
      }
    }
    if (isGiven(answer)) live[question.name] = answer;
    return { ...question, offered };
  }

  function* askedWithin(items, sound, live, lists) {
    for (const item of items) {
      if (item.relevant && !holds(item.relevant, live)) continue;
      if (item.kind === "group") yield* askedWithin(item.items, sound, live, lists);
      else {
        const asked = ask(item, sound, live, lists);
        if (isShown(asked)) yield asked;
      }
    }
  }

  function* walk(items, sound, live, lists, title) {
    for (const item of items) {
      if (item.relevant && !holds(item.relevant, live)) continue;
      if (item.kind !== "group") {
        const asked = ask(item, sound, live, lists);
        if (isShown(asked)) yield { name: item.name, title, questions: [asked] };
      } else if (item.one_screen) {
        const questions = [...askedWithin(item.items, sound, live, lists)];
        if (questions.length) yield { name: item.name, title: [item.name, ...title], questions };
      } else yield* walk(item.items, sound, live, lists, [item.name, ...title]);
    }
  }

  function* questionsOf(items) {
    for (const item of items) {
      if (item.kind === "group") yield* questionsOf(item.items);
      else yield item;
    }
  }

  // Number of each question by place in the questionnaire; what takes no answer has the number of the next that does.
  function numbersOf(items) {
    const known = new Map();
    const found = Object.create(null);
    for (const question of questionsOf(items)) {
      const name = question.rated_name || question.name;
      found[question.name] = known.get(name) || known.size + 1;
      if (isAnswered(question) && !known.has(name)) known.set(name, known.size + 1);
    }
    for (const name of Object.keys(found)) found[name] = Math.min(found[name], known.size);
    return [found, known.size];
  }

  function constraintHolds(question, answer, live, today) {
    return !question.constraint || !isGiven(answer) || holds(question.constraint, live, { own: answer, today });
  }

  // Everything that follows from what was typed: screens of the present path, its answers, and the faults on it.
  // `title` of a screen names the groups around it, the innermost first: the first that has a label is shown.
  function assess(rules, raw, today) {
    const sound = Object.create(null);
    const wrong = Object.create(null);
    for (const question of questionsOf(rules.items)) {
      if (!isAnswered(question) || !Object.hasOwn(raw, question.name)) continue;
      const value = read(question, raw[question.name]);
      const loose = question.kind === "rank" && question.choice_filter ? { ...question, kind: "select_multiple" } : question;
      const kind = faultOf(loose, value, rules.lists[question.list] || [], false);
      if (kind) wrong[question.name] = kind;
      else sound[question.name] = value;
    }
    const live = Object.create(null);
    const screens = [...walk(rules.items, sound, live, rules.lists, [])];
    const faults = {};
    const [numbers, total] = numbersOf(rules.items);
    screens.forEach((screen, place) => {
      const asked = screen.questions.filter(isAnswered);
      for (const question of screen.questions) question.number = numbers[question.name];
      Object.assign(screen, { number: place + 1, first: screen.questions[0].number, total });
      for (const question of asked) {
        const answer = live[question.name] === undefined ? "" : live[question.name];
        const kind = wrong[question.name] || faultOf(question, answer, question.offered)
          || (constraintHolds(question, answer, live, today) ? "" : "constraint");
        if (kind) faults[question.name] = kind;
      }
    });
    const answers = {};
    for (const [name, answer] of Object.entries(live)) {
      const kept = typeof answer === "string" ? clean(answer) : answer;
      if (isGiven(kept)) answers[name] = kept;
    }
    return { screens, live, faults, answers };
  }

  // The answers parted by rated unit, under the names of the author; every unit of a matrix is there, answered or not.
  function ratingsOf(content, answers) {
    if (!content.matrix) return { ratings: [{ rated_unit: content.rated_unit, answers }] };
    const parts = new Map(content.matrix.map((unit) => [unit, {}]));
    const apart = {};
    for (const question of questionsOf(content.rules.items)) {
      if (answers[question.name] === undefined) continue;
      if (question.rated_unit) parts.get(question.rated_unit)[question.rated_name] = answers[question.name];
      else apart[question.name] = answers[question.name];
    }
    const ratings = [...parts].map(([unit, given]) => ({ rated_unit: unit, answers: given }));
    return Object.keys(apart).length ? { ratings, apart } : { ratings };
  }

  globalThis.surveyForm = { assess, isAnswered, isComputed, isGiven, ratingsOf };
})();
