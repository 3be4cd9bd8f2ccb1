// The service worker: keeps the shell of the questionnaire for times without network, and sends sealed answers when the
// phone is back. It answers for the page of the code and its files only; every other address passes it by.
(() => {
  "use strict";
  const { name, addresses } = self.surveyShell;
  const PAGES = ["/", "/p"];
  const PATIENCE = 3000; // a bar of signal is not yet a network

  self.addEventListener("install", (event) => {
    const all = addresses.map((address) => new Request(address, { credentials: "omit" }));
    event.waitUntil(caches.open(name).then((cache) => cache.addAll(all)).then(() => self.skipWaiting()));
  });

  self.addEventListener("activate", (event) => {
    const clear = async () => {
      for (const old of await caches.keys()) if (old.startsWith("survey-") && old !== name) await caches.delete(old);
      await self.clients.claim();
    };
    event.waitUntil(clear());
  });

  async function page(request, url) {
    const kept = await caches.match(`/p${url.searchParams.get("lang") === "en" ? "?lang=en" : ""}`, { cacheName: name });
    if (!kept) return fetch(request);
    const fresh = fetch(request).then((answer) => (answer.status >= 500 ? kept : answer));
    const late = new Promise((resolve) => { setTimeout(() => resolve(kept), PATIENCE); });
    return Promise.race([fresh.catch(() => kept), late]);
  }

  const file = async (request) => (await caches.match(request, { cacheName: name })) || fetch(request);

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) return;
    if (request.mode === "navigate" && PAGES.includes(url.pathname)) event.respondWith(page(request, url));
    else if (addresses.includes(url.pathname + url.search)) event.respondWith(file(request));
  });

  self.addEventListener("sync", (event) => {
    if (event.tag !== "send") return;
    const sending = self.surveyDevice.sendAll().then((left) => { if (left) throw new Error(`${left} not sent`); });
    event.waitUntil(sending);
  });
})();
