// One phone visits three pages, each measured by Lighthouse as a load of its own in a new tab: the code page for the first
// time, then the link, which opens a question and the review where the person was. Scores as JSON on standard output.
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";

const { link, chromium, flags } = JSON.parse(process.argv[2]);
const CATEGORIES = ["performance", "accessibility", "best-practices"];

async function measured(browser, address, wanted, kept) {
  const page = await browser.newPage();
  const options = { output: "json", logLevel: "silent", onlyCategories: CATEGORIES, disableStorageReset: kept };
  const { lhr } = await lighthouse(address, options, undefined, page);
  if (!(await page.$(wanted))) throw new Error(`${wanted} is not on the page that was measured`);
  await page.close();
  const audits = Object.entries(lhr.categories).flatMap(([name, { auditRefs }]) => auditRefs.map((one) => ({ name, ...one })));
  const marked = audits.filter(({ id, weight }) => weight && lhr.audits[id].score !== null && lhr.audits[id].score < 0.9);
  return {
    scores: Object.fromEntries(CATEGORIES.map((name) => [name, Math.round(lhr.categories[name].score * 100)])),
    faults: marked.map(({ id }) => `${id} ${lhr.audits[id].displayValue || ""}`.trim()),
  };
}

// The first choice of every question until `wanted` is there.
async function goOn(page, wanted) {
  for (let step = 0; step < 100 && !(await page.$(wanted)); step += 1) {
    await page.evaluate(() => {
      for (const set of document.querySelectorAll("main fieldset")) set.querySelector("input").click();
      document.querySelector("#actions .button.main").click();
    });
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

const browser = await puppeteer.launch({ executablePath: chromium, args: flags });
const found = { code: await measured(browser, link.split("#")[0], "#code", false) };
const page = await browser.newPage();
await page.goto(link);
await page.waitForSelector("#actions .button.main");
await goOn(page, "main fieldset");
found.question = await measured(browser, link, "main fieldset", true);
await goOn(page, "dl[data-rest]");
found.review = await measured(browser, link, "dl[data-rest]", true);
await browser.close();
console.log(JSON.stringify(found));
