// What pages that save while one types have in common: how they send, and where that waits which could not be sent.
(() => {
  "use strict";
  const PAUSE = 900; // milliseconds without a key before it is saved
  const AGAIN = 8000; // before it is tried again after a failure

  // What became of it: «stored» or «clash» with what the server says, «refused» for good, «away» for now.
  const send = async (address, body) => {
    try {
      const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.status >= 500) return { state: "away" };
      // Whoever is signed out is sent to the page to sign in.
      if (answer.redirected || !(answer.ok || answer.status === 409)) return { state: "refused" };
      return { state: answer.ok ? "stored" : "clash", about: await answer.json() };
    } catch { return { state: "away" }; }
  };

  // A place in this browser; in one without storage the page itself still holds what was typed.
  const inBrowser = (key) => ({
    keep(value) {
      try {
        if (value) localStorage.setItem(key, JSON.stringify(value));
        else localStorage.removeItem(key);
      } catch { /* no storage */ }
    },
    kept() {
      try { return JSON.parse(localStorage.getItem(key) || "{}"); } catch { return {}; }
    },
  });

  globalThis.surveyAutosave = { PAUSE, AGAIN, send, inBrowser };
})();
