// Evaluates the stored tree of an XLSForm expression exactly as survey_app/questionnaires/expression_values.py does.
// surveyExpression.evaluate(tree, answers, {own, today, row}) -> text, number or truth; surveyExpression.holds -> truth.
(() => {
  "use strict";
  const NUMBER = /^[ \t\r\n]*-?([0-9]+(\.[0-9]*)?|\.[0-9]+)[ \t\r\n]*$/;
  const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
  const DAY = 86400000;
  const FIRST = -719162; // 0001-01-01
  const LAST = 2932896; // 9999-12-31
  const MOST_MATCHED = 250;

  const asNumber = (value) => {
    if (typeof value !== "string") return Number(value);
    return NUMBER.test(value) ? Number(value) : days(value);
  };
  const asText = (value) => (typeof value === "number" ? numberText(value) : String(value));
  const asTruth = (value) => value === value && Boolean(value);

  function numberText(value) {
    const [digits, power] = String(value).split("e");
    if (power === undefined) return digits;
    const sign = digits.startsWith("-") ? "-" : "";
    const [whole, part = ""] = digits.replace("-", "").split(".");
    const point = whole.length + Number(power);
    const all = whole + part;
    if (point <= 0) return `${sign}0.${"0".repeat(-point)}${all}`;
    return sign + all.padEnd(point, "0");
  }

  function days(text) {
    const match = DATE.exec(text);
    if (!match) return NaN;
    const [year, month, day] = match.slice(1).map(Number);
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    const real = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
    return real ? Math.round(date.getTime() / DAY) : NaN;
  }

  function dateOf(value) {
    const day = Math.floor(asNumber(value));
    return day >= FIRST && day <= LAST ? new Date(day * DAY) : null;
  }

  const two = (number) => String(number).padStart(2, "0");
  const year = (date) => String(date.getUTCFullYear()).padStart(4, "0");
  const dateText = (value) => {
    const date = dateOf(value);
    return date ? `${year(date)}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}` : "";
  };

  function formatDate(value, form) {
    const date = dateOf(value);
    if (!date) return "";
    const month = date.getUTCMonth() + 1;
    const day = date.getUTCDate();
    const codes = { Y: year(date), y: year(date).slice(2), m: two(month), n: String(month), d: two(day), e: String(day) };
    return asText(form).replace(/%([Yymnde])/g, (_all, code) => codes[code]);
  }

  function equal(left, right) {
    if (typeof left === "boolean" || typeof right === "boolean") return asTruth(left) === asTruth(right);
    if (typeof left === "string" && typeof right === "string") return left === right;
    return asNumber(left) === asNumber(right);
  }

  function power(base, exponent) {
    const factor = asNumber(base);
    const count = asNumber(exponent);
    if (!Number.isInteger(count) || Math.abs(count) > 64) return NaN;
    let product = 1;
    for (let time = 0; time < Math.abs(count); time += 1) product *= factor;
    return count >= 0 ? product : 1 / product;
  }

  function round(value, places = 0) {
    const count = asNumber(places);
    if (!Number.isInteger(count) || Math.abs(count) > 9) return NaN;
    const scale = 10 ** Math.abs(count);
    if (count < 0) return (Math.floor(asNumber(value) / scale + 0.5) + 0) * scale;
    return (Math.floor(asNumber(value) * scale + 0.5) + 0) / scale;
  }

  function extreme(values, wins) {
    const numbers = values.map(asNumber);
    if (numbers.some(Number.isNaN)) return NaN;
    return numbers.reduce((best, number) => (wins(number, best) ? number : best));
  }

  const chosen = (value) => asText(value).split(" ").filter(Boolean);
  const selectedAt = (value, place) => {
    const names = chosen(value);
    const number = asNumber(place);
    return number >= 0 && number < names.length ? names[Math.trunc(number)] : "";
  };

  function substr(text, start, end = Infinity) {
    const letters = [...asText(text)];
    const [first, last] = [start, end].map((value) => {
      const number = asNumber(value);
      if (Number.isNaN(number)) return 0;
      const place = number < 0 ? number + letters.length : number;
      return Math.trunc(Math.min(Math.max(place, 0), letters.length));
    });
    return first < last ? letters.slice(first, last).join("") : "";
  }

  // A pattern as places: one takes a letter and leads to a single place, or takes none and leads to several; place 0 is
  // the end. All ways are walked at once, so no pattern runs for long (twin: expression_matching.py).
  const TOKEN = /\(\?:|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|\\.|[^]/gu;
  const COUNTS = { "*": [0, Infinity], "+": [1, Infinity], "?": [0, 1] };

  function limits(count) {
    const [least, most] = count.slice(1, -1).split(",");
    return [Number(least), most === undefined ? Number(least) : Number(most || Infinity)];
  }

  function parsed(tokens) {
    const ways = [[]];
    for (let token = tokens.shift(); token !== undefined && token !== ")"; token = tokens.shift()) {
      const way = ways[ways.length - 1];
      if (token === "|") ways.push([]);
      else if (token === "(?:") way.push(parsed(tokens));
      else if (COUNTS[token] || /^\{./.test(token)) way.push({ part: way.pop(), count: COUNTS[token] || limits(token) });
      else way.push({ letter: new RegExp(`^${token}$`, "u") });
    }
    return { ways };
  }

  function machineOf(pattern) {
    const letters = [null];
    const after = [[]];
    const place = (letter, next) => { after.push(next); return letters.push(letter) - 1; };
    function add({ letter, ways, part, count }, then) {
      if (letter) return place(letter, [then]);
      if (ways) {
        return place(null, ways.map((way) => way.reduceRight((first, inner) => add(inner, first), then)));
      }
      const [least, most] = count;
      let before = then;
      if (most === Infinity) {
        before = place(null, []);
        after[before] = [add(part, before), then];
      } else {
        for (let time = least; time < most; time += 1) before = place(null, [add(part, before), then]);
      }
      for (let time = 0; time < least; time += 1) before = add(part, before);
      return before;
    }
    return { start: add(parsed(pattern.match(TOKEN) || []), 0), letters, after };
  }

  const machines = new Map();

  function matches(text, pattern) {
    const subject = [...asText(text)];
    if (subject.length > MOST_MATCHED) return false;
    if (!machines.has(pattern)) machines.set(pattern, machineOf(asText(pattern)));
    const { start, letters, after } = machines.get(pattern);
    const reached = (places) => {
      const found = new Set(places);
      found.forEach((one) => { if (!letters[one]) after[one].forEach((next) => found.add(next)); }); // reaches those too
      return found;
    };
    let now = reached([start]);
    for (const letter of subject) {
      now = reached([...now].filter((one) => letters[one] && letters[one].test(letter)).map((one) => after[one][0]));
    }
    return now.has(0);
  }

  function translated(text, old, new_) {
    const after = [...asText(new_)];
    const table = new Map();
    [...asText(old)].forEach((letter, place) => { if (!table.has(letter)) table.set(letter, after[place] || ""); });
    return [...asText(text)].map((letter) => (table.has(letter) ? table.get(letter) : letter)).join("");
  }

  const FUNCTIONS = {
    "or": (...values) => values.some(asTruth),
    "and": (...values) => values.every(asTruth),
    "=": equal,
    "!=": (left, right) => !equal(left, right),
    "<": (left, right) => asNumber(left) < asNumber(right),
    "<=": (left, right) => asNumber(left) <= asNumber(right),
    ">": (left, right) => asNumber(left) > asNumber(right),
    ">=": (left, right) => asNumber(left) >= asNumber(right),
    "+": (left, right) => asNumber(left) + asNumber(right),
    "-": (left, right) => asNumber(left) - asNumber(right),
    "*": (left, right) => asNumber(left) * asNumber(right),
    "div": (left, right) => asNumber(left) / asNumber(right),
    "mod": (left, right) => asNumber(left) % asNumber(right),
    "negative": (value) => -asNumber(value),
    "not": (value) => !asTruth(value),
    "true": () => true,
    "false": () => false,
    "boolean": asTruth,
    "if": (truth, yes, no) => (asTruth(truth) ? yes : no),
    "coalesce": (first, second) => (asText(first) ? first : second),
    "number": asNumber,
    "int": (value) => Math.trunc(asNumber(value)) + 0,
    "round": round,
    "abs": (value) => Math.abs(asNumber(value)),
    "pow": power,
    "min": (...values) => extreme(values, (number, best) => number < best),
    "max": (...values) => extreme(values, (number, best) => number > best),
    "string": asText,
    "string-length": (value) => [...asText(value)].length,
    "concat": (...values) => values.map(asText).join(""),
    "contains": (text, part) => asText(text).includes(asText(part)),
    "starts-with": (text, part) => asText(text).startsWith(asText(part)),
    "ends-with": (text, part) => asText(text).endsWith(asText(part)),
    "substr": substr,
    "normalize-space": (text) => asText(text).split(/[ \t\r\n]+/).filter(Boolean).join(" "),
    "translate": translated,
    "regex": matches,
    "selected": (value, name) => asText(value).split(" ").includes(asText(name)),
    "selected-at": selectedAt,
    "count-selected": (value) => chosen(value).length,
    "date": dateText,
    "format-date": formatDate,
    "decimal-date-time": (value) => asNumber(dateText(value)),
  };

  const valueOf = (answer = "") => (Array.isArray(answer) ? answer.join(" ") : answer);

  function evaluate(tree, answers, around = {}) {
    const [name, ...parts] = tree;
    if (name === "value") return parts[0];
    if (name === "answer") return valueOf(Object.hasOwn(answers, parts[0]) ? answers[parts[0]] : "");
    if (name === "own") return valueOf(around.own);
    if (name === "today") return around.today || "";
    if (name === "column") return Object.hasOwn(around.row || {}, parts[0]) ? around.row[parts[0]] : "";
    if (name === "selected" && typeof parts[0] === "string") { // as questionnaires of earlier versions hold it
      return evaluate(["selected", ["answer", parts[0]], ["value", parts[1]]], answers, around);
    }
    return FUNCTIONS[name](...parts.map((part) => evaluate(part, answers, around)));
  }

  const holds = (tree, answers, around) => !tree || asTruth(evaluate(tree, answers, around));
  globalThis.surveyExpression = { evaluate, holds, asText };
})();
