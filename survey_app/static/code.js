// Reads a personal code as it was typed, pasted or scanned: the twin of access_codes/codes.py, with the same cases
// (tests/access_codes/code_vectors.json). So a mistyped code is seen before anything is opened, with or without network.
(() => {
  "use strict";
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const LENGTH = 13;
  const TWINS = { O: "0", I: "1", L: "1" };
  // What a Vietnamese keyboard made of the letters, taken back: as typed in Telex, and as typed in VNI.
  const KEYBOARDS = [
    [["Đ", "DD"], ["U\u031b", "W"], ["A\u0302", "AA"], ["E\u0302", "EE"], ["O\u0302", "OO"], ["\u031b", "W"], ["\u0306", "W"],
      ["\u0301", "S"], ["\u0300", "F"], ["\u0309", "R"], ["\u0303", "X"], ["\u0323", "J"]],
    [["Đ", "D9"], ["\u0301", "1"], ["\u0300", "2"], ["\u0309", "3"], ["\u0303", "4"], ["\u0323", "5"], ["\u0302", "6"],
      ["\u031b", "7"], ["\u0306", "8"]],
  ];

  function isTrue(code) {
    if (code.length !== LENGTH || [...code].some((letter) => !ALPHABET.includes(letter))) return false;
    let total = 0; // in the field of 32 elements, x^5 + x^2 + 1: a true code sums to zero
    for (const letter of code.slice(0, -1)) {
      const doubled = (total ^ ALPHABET.indexOf(letter)) << 1;
      total = doubled & 32 ? doubled ^ 37 : doubled;
    }
    return ALPHABET[total] === code[LENGTH - 1];
  }

  // The code that was meant, or null when it cannot be one.
  function read(typed) {
    const written = typed.normalize("NFKD").toUpperCase().split("#").pop().split(":").pop().split("~")[0];
    for (const keys of KEYBOARDS) {
      const letters = keys.reduce((text, [made, meant]) => text.split(made).join(meant), written);
      const code = letters.replace(/[^\p{L}\p{N}]/gu, "").replace(/[OIL]/g, (letter) => TWINS[letter]);
      if (isTrue(code)) return code;
    }
    return null;
  }

  globalThis.surveyCode = { read };
})();
