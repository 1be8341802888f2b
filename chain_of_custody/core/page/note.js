// C2SP signed notes and checkpoints, with Ed25519 keys (0x01) and witnesses' cosignatures (0x04).

const NOTE_LIMIT = 1000000;
const SIGNATURE_LIMIT = 100;
// White space as the other verifier counts it.
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const NAME = `[^+${SPACE}]+`;
const KEY_FORM = new RegExp(`^(${NAME})\\+([0-9a-f]{8})\\+([A-Za-z0-9+/=]+)$`);
const LINE_FORM = new RegExp(`^— (${NAME}) ([A-Za-z0-9+/=]+)$`);
const LOG_KEY = 1;
const COSIGNER = 4;

/** A key from `name+hash+base64(algorithm || key)`; throws `Refused` for any other text. */
function keyParse(text) {
  const match = KEY_FORM.exec(text);
  const data = match && base64Text(match[3]);
  if (!data || data.length !== 33 || (data[0] !== LOG_KEY && data[0] !== COSIGNER)) {
    throw new Refused("signature-invalid", `not a key: ${text.slice(0, 80)}`);
  }
  const fingerprint = hex(sha256(utf8(`${match[1]}\n`), data));
  if (fingerprint.slice(0, 8) !== match[2]) throw new Refused("signature-invalid", `not the hash of the key: ${text}`);
  return { name: match[1], algorithm: data[0], bytes: data.subarray(1), id: match[2], fingerprint, text };
}

async function keyVerifies(key, message, signature) {
  if (key.algorithm === LOG_KEY) return signature.length === 64 && ed25519(key.bytes, message, signature);
  if (signature.length !== 72) return false;
  const time = new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0);
  if (time >= 2n ** 63n) return false;
  return ed25519(key.bytes, concat(utf8(`cosignature/v1\ntime ${time}\n`), message), signature.subarray(8));
}

function noteSplit(bytes) {
  if (bytes.length > NOTE_LIMIT) throw new Refused("signature-invalid", "the note is too long");
  const whole = textOf(bytes);
  // eslint-disable-next-line no-control-regex
  if (whole === null || !whole.endsWith("\n") || /[\x00-\x09\x0b-\x1f]/.test(whole)) {
    throw new Refused("signature-invalid", "not the text of a note");
  }
  const blank = whole.lastIndexOf("\n\n");
  if (blank < 0 || blank + 2 === whole.length) throw new Refused("signature-invalid", "no signature lines");
  const lines = whole.slice(blank + 2, -1).split("\n");
  if (lines.length > SIGNATURE_LIMIT) throw new Refused("signature-invalid", "too many signatures");
  return [whole.slice(0, blank + 1), lines];
}

/** Text, keys that signed it and names of unknown signers. A wrong signature by a known key refuses the note. */
async function noteOpen(bytes, keys) {
  const [text, lines] = noteSplit(bytes);
  const known = new Map(keys.map((key) => [`${key.name} ${key.id}`, key]));
  const verified = new Map();
  const unverified = [];
  for (const line of lines) {
    const match = LINE_FORM.exec(line);
    const data = match && base64Text(match[2]);
    if (!data || data.length < 5) throw new Refused("signature-invalid", `not a signature line: ${line.slice(0, 60)}`);
    const key = known.get(`${match[1]} ${hex(data.subarray(0, 4))}`);
    if (!key) unverified.push(match[1]);
    else if (await keyVerifies(key, utf8(text), data.slice(4))) verified.set(key.text, key);
    else throw new Refused("signature-invalid", `the signature by ${match[1]} does not verify`);
  }
  if (!verified.size) throw new Refused("signature-invalid", "no signature by a known key");
  return { text, verified: [...verified.values()], unverified };
}

function checkpointParse(text) {
  const lines = text.slice(0, -1).split("\n");
  const [origin, size, root, ...extensions] = lines;
  const bytes = lines.length < 3 ? null : base64Text(root);
  if (!origin || !/^(0|[1-9][0-9]{0,18})$/.test(size) || !bytes || bytes.length !== 32 || extensions.includes("")) {
    throw new Refused("checkpoint-malformed", "not origin, size and root of a log");
  }
  return { origin, size: Number(size), root: bytes };
}

const ROTATION = "spoor-key-rotation/1";

/** The keys trusted beside `pinned`, because a key trusted before named them and they agreed. */
async function rotationsFollow(origin, notes, pinned, embedded) {
  const trusted = [...pinned];
  for (const note of notes) {
    const opened = await noteOpen(utf8(note), [...embedded, ...pinned]);
    const lines = opened.text.split("\n");
    const said = lines.length === 5 && lines[0] === ROTATION && lines[1] === origin && lines[4] === "";
    if (!said) throw new Refused("rotation-invalid", "not the text of a change of keys");
    const signed = new Set(opened.verified.map((key) => key.text));
    if (!signed.has(lines[2]) || !signed.has(lines[3])) {
      throw new Refused("rotation-invalid", "a change of keys is signed by the old key and the new one");
    }
    if (trusted.some((key) => key.text === lines[2])) trusted.push(keyParse(lines[3]));
  }
  return trusted;
}

/** Record in `steps` what a note is worth; returns it when its signatures hold. */
async function noteJudge(steps, step, bytes, embedded, pinned, trusted = pinned) {
  let note;
  try {
    note = await noteOpen(bytes, [...embedded, ...trusted]);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    steps.fail(step.signature, "signature-invalid", {}, error.message);
    return null;
  }
  if (note.unverified.length) steps.doubt(step.signature, "unknown-signer", { signers: note.unverified.join(", ") });
  steps.done(step.signature, note.verified.map((key) => `${key.name} (${key.fingerprint.slice(0, 16)})`).join(", "));
  const ours = note.verified.filter((key) => trusted.some((one) => one.text === key.text));
  const told = (ours.length ? ours : note.verified).map((key) => `${key.name}, ${key.fingerprint}`).join("; ");
  steps.done(step.pin, told);
  if (ours.length) return note;
  if (!pinned.length) steps.doubt(step.pin, "key-not-pinned");
  else if (step.foreignFails) steps.fail(step.pin, "other-key");
  else steps.doubt(step.pin, "signer-not-pinned");
  return note;
}
