// Bytes: UTF-8, hexadecimal, strict base64, CRC-32, SHA-256 (FIPS 180-4, streaming) and SHA-512 (for Ed25519).

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const looseDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

const utf8 = (text) => encoder.encode(text);

/** The text of UTF-8 bytes, null when they are not UTF-8. */
function textOf(bytes) {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hex(bytes) {
  let out = "";
  for (const byte of bytes) out += HEX[byte];
  return out;
}

/** A list too long for the arguments of a call is given as it is. */
const concat = (...parts) => concatAll(parts);

function concatAll(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function equal(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SEXTET = new Int8Array(256).fill(-1);
for (let i = 0; i < 64; i++) SEXTET[BASE64.charCodeAt(i)] = i;

/** Bytes of base64 as RFC 4648 section 4 writes it, with padding and without stray bits; null for any other form. */
function base64Bytes(signs) {
  const length = signs.length;
  if (length % 4) return null;
  let pad = 0;
  if (length && signs[length - 1] === 61) pad = signs[length - 2] === 61 ? 2 : 1;
  const out = new Uint8Array((length / 4) * 3 - pad);
  let at = 0;
  for (let i = 0; i < length; i += 4) {
    const last = i + 4 === length ? pad : 0;
    const a = SEXTET[signs[i]];
    const b = SEXTET[signs[i + 1]];
    const c = last > 1 ? 0 : SEXTET[signs[i + 2]];
    const d = last > 0 ? 0 : SEXTET[signs[i + 3]];
    if ((a | b | c | d) < 0 || (last === 1 && c & 3) || (last === 2 && b & 15)) return null;
    out[at++] = (a << 2) | (b >> 4);
    if (last < 2) out[at++] = ((b & 15) << 4) | (c >> 2);
    if (last < 1) out[at++] = ((c & 3) << 6) | d;
  }
  return out;
}

const base64Text = (text) => (/^[\x00-\x7f]*$/.test(text) ? base64Bytes(utf8(text)) : null);

const CRC = new Uint32Array(256);
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  CRC[n] = c;
}

/** CRC-32 (ISO 3309) of the bytes, continued from `crc`. */
function crc32(bytes, crc = 0) {
  let c = ~crc;
  for (let i = 0; i < bytes.length; i++) c = CRC[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return ~c >>> 0;
}

// The constants of FIPS 180-4 are the first bits of roots of the first primes: they are computed, not typed.
const PRIMES = [];
for (let n = 2; PRIMES.length < 80; n++) if (PRIMES.every((p) => n % p)) PRIMES.push(n);

/** The first `bits` bits of the fractional part of the `degree`-th root of n. */
function rootFraction(n, degree, bits) {
  const target = BigInt(n) << BigInt(degree * bits);
  let low = 0n;
  let high = BigInt(n + 1) << BigInt(bits);
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(degree) <= target) low = middle;
    else high = middle;
  }
  return low & ((1n << BigInt(bits)) - 1n);
}

const K256 = Int32Array.from(PRIMES.slice(0, 64), (p) => Number(rootFraction(p, 3, 32)) | 0);
const H256 = Int32Array.from(PRIMES.slice(0, 8), (p) => Number(rootFraction(p, 2, 32)) | 0);

/** SHA-256 fed piece by piece: WebCrypto digests whole buffers only, and a pack may be larger than memory. */
class Sha256 {
  constructor() {
    this.state = H256.slice();
    this.words = new Int32Array(64);
    this.rest = new Uint8Array(64);
    this.held = 0;
    this.length = 0;
  }

  update(bytes) {
    let at = 0;
    this.length += bytes.length;
    if (this.held) {
      at = Math.min(64 - this.held, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.held);
      this.held += at;
      if (this.held < 64) return this;
      this.block(this.rest, 0);
      this.held = 0;
    }
    for (; at + 64 <= bytes.length; at += 64) this.block(bytes, at);
    if (at < bytes.length) {
      this.rest.set(bytes.subarray(at), 0);
      this.held = bytes.length - at;
    }
    return this;
  }

  block(bytes, at) {
    const w = this.words;
    for (let i = 0; i < 16; i++, at += 4) {
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15];
      const y = w[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    const s = this.state;
    // Not taken apart as an array would be: that walks an iterator, and this is the busiest line of the page.
    let a = s[0];
    let b = s[1];
    let c = s[2];
    let d = s[3];
    let e = s[4];
    let f = s[5];
    let g = s[6];
    let h = s[7];
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K256[i] + w[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    s[0] += a;
    s[1] += b;
    s[2] += c;
    s[3] += d;
    s[4] += e;
    s[5] += f;
    s[6] += g;
    s[7] += h;
  }

  digest() {
    const end = new Uint8Array(this.held < 56 ? 64 : 128);
    end.set(this.rest.subarray(0, this.held));
    end[this.held] = 0x80;
    const view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(this.length / 0x20000000));
    view.setUint32(end.length - 4, (this.length * 8) >>> 0);
    for (let at = 0; at < end.length; at += 64) this.block(end, at);
    const out = new Uint8Array(32);
    const told = new DataView(out.buffer);
    this.state.forEach((word, i) => told.setInt32(4 * i, word));
    return out;
  }
}

function sha256(...parts) {
  const hash = new Sha256();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const M64 = (1n << 64n) - 1n;
const K512 = PRIMES.map((p) => rootFraction(p, 3, 64));
const H512 = PRIMES.slice(0, 8).map((p) => rootFraction(p, 2, 64));
const turn = (x, n) => ((x >> n) | (x << (64n - n))) & M64;

/** SHA-512 of a short message, in big integers: used for a handful of signatures only. */
function sha512(message) {
  const size = Math.ceil((message.length + 17) / 128) * 128;
  const data = new Uint8Array(size);
  data.set(message);
  data[message.length] = 0x80;
  const view = new DataView(data.buffer);
  view.setBigUint64(size - 8, BigInt(message.length) * 8n);
  const state = H512.slice();
  for (let at = 0; at < size; at += 128) {
    const w = [];
    for (let i = 0; i < 16; i++) w.push(view.getBigUint64(at + 8 * i));
    for (let i = 16; i < 80; i++) {
      const s0 = turn(w[i - 15], 1n) ^ turn(w[i - 15], 8n) ^ (w[i - 15] >> 7n);
      const s1 = turn(w[i - 2], 19n) ^ turn(w[i - 2], 61n) ^ (w[i - 2] >> 6n);
      w.push((w[i - 16] + s0 + w[i - 7] + s1) & M64);
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 80; i++) {
      const s1 = turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n);
      const t1 = (h + s1 + ((e & f) ^ (~e & M64 & g)) + K512[i] + w[i]) & M64;
      const s0 = turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) & M64;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & M64, c, b, a, (t1 + t2) & M64];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] = (state[i] + word) & M64));
  }
  const out = new Uint8Array(64);
  const told = new DataView(out.buffer);
  state.forEach((word, i) => told.setBigUint64(8 * i, word));
  return out;
}
