// QR codes (ISO/IEC 18004) drawn in the browser, so that a private key on paper never passes through a server.
// Byte mode, error correction level M, versions 1 to 25. window.surveyQr(text) gives rows of true (dark) and false.
"use strict";
(() => {
  const BLOCKS = [0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21];
  const CHECKS = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28];
  const MASKS = [
    (x, y) => (x + y) % 2 === 0, (_x, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
    (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
    (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
  ];

  const alignments = (version) => (version === 1 ? 0 : Math.floor(version / 7) + 2);
  const codewords = (version) => {
    const count = alignments(version);
    const taken = version === 1 ? 0 : (25 * count - 10) * count - 55 + (version >= 7 ? 36 : 0);
    return Math.floor(((16 * version + 128) * version + 64 - taken) / 8);
  };
  const room = (version) => codewords(version) - BLOCKS[version] * CHECKS[version];
  const headBits = (version) => 4 + (version < 10 ? 8 : 16);

  function times(a, b) {
    let product = 0;
    for (let bit = 7; bit >= 0; bit -= 1) {
      product = (product << 1) ^ ((product >> 7) * 0x11d);
      product ^= ((b >> bit) & 1) * a;
    }
    return product;
  }

  function checks(data, degree) {
    const divisor = new Array(degree - 1).fill(0).concat(1);
    let root = 1;
    for (let n = 0; n < degree; n += 1) {
      for (let k = 0; k < degree; k += 1) divisor[k] = times(divisor[k], root) ^ (k + 1 < degree ? divisor[k + 1] : 0);
      root = times(root, 2);
    }
    const rest = new Array(degree).fill(0);
    for (const byte of data) {
      const factor = byte ^ rest.shift();
      rest.push(0);
      divisor.forEach((part, n) => { rest[n] ^= times(part, factor); });
    }
    return rest;
  }

  function encode(bytes, version) {
    const bits = [];
    const put = (value, length) => { for (let n = length - 1; n >= 0; n -= 1) bits.push((value >>> n) & 1); };
    put(4, 4);
    put(bytes.length, headBits(version) - 4);
    bytes.forEach((byte) => put(byte, 8));
    put(0, Math.min(4, room(version) * 8 - bits.length));
    put(0, (8 - (bits.length % 8)) % 8);
    const data = [];
    for (let n = 0; n < bits.length; n += 8) data.push(parseInt(bits.slice(n, n + 8).join(""), 2));
    for (let pad = 0xec; data.length < room(version); pad ^= 0xec ^ 0x11) data.push(pad);
    return interleave(data, version);
  }

  function interleave(data, version) {
    const [count, degree, all] = [BLOCKS[version], CHECKS[version], codewords(version)];
    const short = Math.floor(all / count) - degree;
    const shorter = count - (all % count);
    const blocks = [];
    for (let n = 0, start = 0; n < count; n += 1) {
      const part = data.slice(start, start + short + (n < shorter ? 0 : 1));
      start += part.length;
      blocks.push([part, checks(part, degree)]);
    }
    const result = [];
    for (let n = 0; n <= short; n += 1) blocks.forEach(([part]) => { if (n < part.length) result.push(part[n]); });
    for (let n = 0; n < degree; n += 1) blocks.forEach(([, check]) => result.push(check[n]));
    return result;
  }

  function frame(version) {
    const size = version * 4 + 17;
    const dark = Array.from({ length: size }, () => new Array(size).fill(false));
    const fixed = Array.from({ length: size }, () => new Array(size).fill(false));
    const set = (x, y, on) => {
      if (x < 0 || y < 0 || x >= size || y >= size) return;
      dark[y][x] = on;
      fixed[y][x] = true;
    };
    for (let n = 0; n < size; n += 1) { set(6, n, n % 2 === 0); set(n, 6, n % 2 === 0); }
    for (const [left, top] of [[3, 3], [size - 4, 3], [3, size - 4]]) {
      for (let y = -4; y <= 4; y += 1) for (let x = -4; x <= 4; x += 1) {
        const ring = Math.max(Math.abs(x), Math.abs(y));
        set(left + x, top + y, ring !== 2 && ring !== 4);
      }
    }
    const count = alignments(version);
    const step = Math.ceil((size - 13) / (count * 2 - 2)) * 2;
    const places = count ? [6] : [];
    for (let at = size - 7; places.length < count; at -= step) places.splice(1, 0, at);
    places.forEach((cx, i) => places.forEach((cy, j) => {
      if ((i === 0 && j === 0) || (i === 0 && j === count - 1) || (i === count - 1 && j === 0)) return;
      for (let y = -2; y <= 2; y += 1) for (let x = -2; x <= 2; x += 1) set(cx + x, cy + y, Math.max(Math.abs(x), Math.abs(y)) !== 1);
    }));
    if (version >= 7) {
      let rest = version;
      for (let n = 0; n < 12; n += 1) rest = (rest << 1) ^ ((rest >>> 11) * 0x1f25);
      const word = (version << 12) | rest;
      for (let n = 0; n < 18; n += 1) {
        const [a, b] = [size - 11 + (n % 3), Math.floor(n / 3)];
        set(a, b, ((word >>> n) & 1) === 1);
        set(b, a, ((word >>> n) & 1) === 1);
      }
    }
    return { size, dark, fixed, set };
  }

  function putFormat({ size, set }, mask) {
    let rest = mask;
    for (let n = 0; n < 10; n += 1) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
    const word = ((mask << 10) | rest) ^ 0x5412;
    const bit = (n) => ((word >>> n) & 1) === 1;
    for (let n = 0; n < 6; n += 1) set(8, n, bit(n));
    set(8, 7, bit(6)); set(8, 8, bit(7)); set(7, 8, bit(8));
    for (let n = 9; n < 15; n += 1) set(14 - n, 8, bit(n));
    for (let n = 0; n < 8; n += 1) set(size - 1 - n, 8, bit(n));
    for (let n = 8; n < 15; n += 1) set(8, size - 15 + n, bit(n));
    set(8, size - 8, true);
  }

  function draw(words, version, mask) {
    const made = frame(version);
    putFormat(made, mask);
    let place = 0;
    for (let right = made.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let line = 0; line < made.size; line += 1) for (let j = 0; j < 2; j += 1) {
        const x = right - j;
        const y = ((right + 1) & 2) === 0 ? made.size - 1 - line : line;
        if (made.fixed[y][x]) continue;
        const on = place < words.length * 8 && ((words[place >>> 3] >>> (7 - (place & 7))) & 1) === 1;
        made.dark[y][x] = on !== MASKS[mask](x, y);
        place += 1;
      }
    }
    return made.dark;
  }

  // Fewer long runs, plain squares and a fair share of dark: easier to read.
  function unrest(dark) {
    const size = dark.length;
    let score = 0;
    for (const lines of [dark, dark.map((_, x) => dark.map((row) => row[x]))]) for (const line of lines) {
      for (let n = 1, run = 1; n <= size; n += 1) {
        if (n < size && line[n] === line[n - 1]) run += 1;
        else { if (run >= 5) score += run - 2; run = 1; }
      }
    }
    for (let y = 1; y < size; y += 1) for (let x = 1; x < size; x += 1) {
      const one = dark[y][x];
      if (one === dark[y - 1][x] && one === dark[y][x - 1] && one === dark[y - 1][x - 1]) score += 3;
    }
    const share = dark.flat().filter(Boolean).length / (size * size);
    return score + 10 * Math.floor(Math.abs(share - 0.5) * 20);
  }

  window.surveyQr = (text, wish) => {
    const bytes = [...new TextEncoder().encode(text)];
    let version = 1;
    while (version < BLOCKS.length && headBits(version) + bytes.length * 8 > room(version) * 8) version += 1;
    if (version === BLOCKS.length) throw new Error("too long for a QR code");
    const words = encode(bytes, version);
    const masks = wish === undefined ? [0, 1, 2, 3, 4, 5, 6, 7] : [wish];
    return masks.map((mask) => draw(words, version, mask)).reduce((best, one) => (unrest(one) < unrest(best) ? one : best));
  };
})();
