// Ed25519 (RFC 8032): WebCrypto where the browser has it, else the few lines of curve arithmetic below.
// Verifying handles public data only, so nothing here needs to run in constant time.

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (a) => ((a % P) + P) % P;

function power(base, exponent) {
  let out = 1n;
  for (let b = mod(base), e = exponent; e; e >>= 1n, b = mod(b * b)) if (e & 1n) out = mod(out * b);
  return out;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT = power(2n, (P - 1n) / 4n); // a square root of -1

function littleEndian(bytes) {
  let out = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) out = (out << 8n) | BigInt(bytes[i]);
  return out;
}

/** The x of a point with this y and sign (RFC 8032 section 5.1.3), null where there is none. */
function xOf(y, sign) {
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * v ** 3n * power(u * v ** 7n, (P - 5n) / 8n));
  if (mod(v * x * x) === mod(-u)) x = mod(x * ROOT);
  else if (mod(v * x * x) !== u) return null;
  if (x === 0n && sign) return null;
  return (x & 1n) === sign ? x : mod(-x);
}

// Extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z (RFC 8032 section 5.1.4).
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(scalar, point) {
  let out = [0n, 1n, 1n, 0n];
  for (let p = point, s = scalar; s; s >>= 1n, p = add(p, p)) if (s & 1n) out = add(out, p);
  return out;
}

function pointOf(bytes) {
  const whole = littleEndian(bytes);
  const y = whole & (2n ** 255n - 1n);
  const x = xOf(mod(y), whole >> 255n);
  return x === null ? null : [x, mod(y), 1n, mod(x * y)];
}

function pointBytes([x, y, z]) {
  const inverse = power(z, P - 2n);
  let whole = mod(y * inverse) | ((mod(x * inverse) & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(whole & 255n);
    whole >>= 8n;
    return byte;
  });
}

const BASE_Y = mod(4n * power(5n, P - 2n));
const BASE = [xOf(BASE_Y, 0n), BASE_Y, 1n, mod(xOf(BASE_Y, 0n) * BASE_Y)];

/** RFC 8032 section 5.1.7 without the cofactor: S below L, and R the very bytes of [S]B - [k]A. */
function ed25519Own(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  const s = littleEndian(signature.subarray(32));
  const point = pointOf(key);
  if (s >= L || point === null) return false;
  const k = littleEndian(sha512(concat(signature.subarray(0, 32), key, message))) % L;
  const minus = [mod(-point[0]), point[1], 1n, mod(-point[3])];
  return equal(pointBytes(add(times(s, BASE), times(k, minus))), signature.subarray(0, 32));
}

async function ed25519Browser(key, message, signature) {
  const subtle = globalThis.crypto && globalThis.crypto.subtle;
  if (!subtle) return null;
  try {
    const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    return null; // the browser has no Ed25519, or does not take this key: the own arithmetic decides
  }
}

/** Whether the signature is the key's over the message. */
async function ed25519(key, message, signature) {
  const answer = await ed25519Browser(key, message, signature);
  return answer === null ? ed25519Own(key, message, signature) : answer;
}
