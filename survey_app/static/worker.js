// The service worker: keeps the shell of the questionnaire for times without network, and sends sealed answers when the
// phone is back. It answers for the pages of respondents and their files only; every other address passes it by.
(() => {
  "use strict";
  const { name, addresses, ahead, desk } = self.surveyShell;
  const CODE = "/p";
  const PROMISE = "/cam-ket"; // what is promised to everybody; a round's own stands in its questionnaire
  const DESK = "/quay"; // the page of a device for many persons: kept under its whole address, with its own files
  const MEDIA = "media-1";
  const PATIENCE = 3000; // a bar of signal is not yet a network

  self.addEventListener("install", (event) => {
    event.waitUntil(keep(addresses).then(keepWhatIsInUse).then(() => self.skipWaiting()));
  });

  // The promise and the pages of the other language are no part of the first visit: a page asks for them once its person
  // goes on from an answer.
  self.addEventListener("message", (event) => { if (event.data === "ahead") event.waitUntil(keep(ahead).catch(() => {})); });

  async function keep(wanted) {
    const cache = await caches.open(name);
    for (const address of wanted) if (!(await cache.match(address))) await cache.add(new Request(address, { credentials: "omit" }));
  }

  // A new worker throws the old store away: what that holds and what the device has open must be in the new one before.
  async function keepWhatIsInUse() {
    const open = (await self.clients.matchAll({ includeUncontrolled: true })).map(({ url }) => new URL(url));
    for (const address of ahead) {
      if (open.some(({ pathname, search }) => pathname + search === address) || (await caches.match(address))) await keep([address]);
    }
    for (const { pathname, search, origin } of open) {
      if (pathname === DESK) await keepDesk(origin + pathname + search).catch(() => {}); // the next visit keeps it
    }
  }

  async function keepDesk(address, answer) {
    await keep(desk);
    const cache = await caches.open(name);
    if (answer) await cache.put(address, answer);
    else await cache.add(new Request(address, { credentials: "omit" }));
  }

  self.addEventListener("activate", (event) => {
    const clear = async () => {
      for (const old of await caches.keys()) if (old.startsWith("survey-") && old !== name) await caches.delete(old);
      await self.clients.claim();
    };
    event.waitUntil(clear());
  });

  async function page(event, url) {
    const { request } = event;
    const atDesk = url.pathname === DESK;
    const shell = url.pathname.startsWith(PROMISE) ? PROMISE : CODE;
    const place = atDesk ? url.origin + url.pathname + url.search : `${shell}${url.searchParams.get("lang") === "en" ? "?lang=en" : ""}`;
    const exact = await caches.match(place, { cacheName: name });
    // Without network another language, or the questionnaire with its promise, is better than nothing.
    const kept = exact || (!atDesk && ((await caches.match(shell, { cacheName: name })) || (await caches.match(CODE, { cacheName: name }))));
    const sent = fetch(request);
    if (atDesk) event.waitUntil(sent.then((answer) => answer.ok && keepDesk(place, answer.clone())).catch(() => {}));
    if (!kept) return sent;
    const fresh = sent.then((answer) => (answer.status >= 500 ? kept : answer)).catch(() => kept);
    const late = new Promise((resolve) => { setTimeout(() => resolve(kept), PATIENCE); });
    return exact ? Promise.race([fresh, late]) : fresh;
  }

  const file = async (request) => (await caches.match(request, { cacheName: name })) || fetch(request);

  // Pictures and recordings: what an address holds never changes, so what was fetched once is there without network.
  async function medium(request) {
    const cache = await caches.open(MEDIA);
    let whole = await cache.match(request.url);
    if (!whole) {
      whole = await fetch(new Request(request.url, { credentials: "omit" }));
      if (whole.status !== 200) return whole;
      await cache.put(request.url, whole.clone()).catch(() => {}); // the phone is full: it needs the network next time
    }
    const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("Range") || "");
    return asked ? part(await whole.blob(), Number(asked[1]), asked[2]) : whole;
  }

  function part(blob, from, to) {
    const end = Math.min(to === "" ? blob.size - 1 : Number(to), blob.size - 1);
    const headers = { "Content-Type": blob.type, "Content-Range": `bytes ${from}-${end}/${blob.size}`, "Content-Length": String(end - from + 1) };
    return new Response(blob.slice(from, end + 1, blob.type), { status: 206, headers });
  }

  // The respondents' pages; of those that are posted one by one only the way back to the code is kept.
  const isOurs = (path) => ["/", CODE, DESK, PROMISE].includes(path) || path.startsWith(`${PROMISE}/`) || path.startsWith("/phieu/");

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) return;
    if (request.mode === "navigate" && isOurs(url.pathname)) event.respondWith(page(event, url));
    else if (url.pathname.startsWith("/p/media/")) event.respondWith(medium(request));
    else if ([...addresses, ...ahead, ...desk].includes(url.pathname + url.search)) event.respondWith(file(request));
  });

  self.addEventListener("sync", (event) => {
    if (event.tag !== "send") return;
    const sending = self.surveyDevice.sendAll().then((left) => { if (left) throw new Error(`${left} not sent`); });
    event.waitUntil(sending);
  });
})();
