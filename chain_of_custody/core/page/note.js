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

const PACKS = "/packs";

/** Whether a key may sign for the log: a note key named exactly as it, and not as one for packs. */
const logKey = (key, origin) => key.name === origin && key.algorithm === LOG_KEY && !key.name.endsWith(PACKS);

/** Whether a key may sign packs of the log; `given` are those the reader named as pack keys. */
function packKey(key, origin, given) {
  if (key.algorithm !== LOG_KEY) return false;
  return isTrusted(key, given) || logKey(key, origin) || key.name === origin + PACKS;
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
const noteOpen = (bytes, keys) => noteOpenKnown(bytes, keysKnown(keys));

/** Keys by name and hash, for opening many notes. */
const keysKnown = (keys) => new Map(keys.map((key) => [`${key.name} ${key.id}`, key]));

async function noteOpenKnown(bytes, known) {
  const [text, lines] = noteSplit(bytes);
  const verified = new Map();
  const unverified = [];
  const seen = new Set();
  for (const line of lines) {
    const match = LINE_FORM.exec(line);
    const data = match && base64Text(match[2]);
    if (!data || data.length < 5) throw new Refused("signature-invalid", `not a signature line: ${line.slice(0, 60)}`);
    const signer = `${match[1]} ${hex(data.subarray(0, 4))}`;
    if (seen.has(signer)) throw new Refused("signature-invalid", `two signatures by ${match[1]}`);
    seen.add(signer);
    const key = known.get(signer);
    if (!key) unverified.push(match[1]);
    else if (await keyVerifies(key, utf8(text), data.slice(4))) verified.set(key.text, key);
    else throw new Refused("signature-invalid", `the signature by ${match[1]} does not verify`);
  }
  if (!verified.size) throw new Refused("signature-invalid", "no signature by a known key");
  return { text, verified: [...verified.values()], unverified };
}

/** A checkpoint the reader kept; it must be signed by a trusted key of its log. */
async function keptOpen(bytes, pinned) {
  const note = await noteOpen(bytes, pinned);
  const checkpoint = checkpointParse(note.text);
  if (!note.verified.some((key) => logKey(key, checkpoint.origin))) throw new Refused("other-key", "not by the log");
  return checkpoint;
}

function checkpointParse(text) {
  const lines = text.slice(0, -1).split("\n");
  const [origin, size, root, ...extensions] = lines;
  const bytes = lines.length < 3 ? null : base64Text(root);
  if (!origin || !/^(0|[1-9][0-9]{0,18})$/.test(size) || !bytes || bytes.length !== 32 || extensions.includes("")) {
    throw new Refused("checkpoint-malformed", "not origin, size and root of a log");
  }
  if (!Number.isSafeInteger(Number(size))) throw new Refused("checkpoint-malformed", "a size beyond 2^53 - 1");
  return { origin, size: Number(size), root: bytes };
}

const ROTATION = "spoor-key-rotation/1";

/** The keys trusted beside `pinned`, because a key trusted before named them and they agreed. */
async function rotationsFollow(origin, notes, pinned, embedded) {
  const trusted = new Map(pinned.map((key) => [key.text, key]));
  const known = keysKnown([...embedded, ...pinned]);
  for (const note of notes) {
    const opened = await noteOpenKnown(utf8(note), known);
    const lines = opened.text.split("\n");
    const said = lines.length === 5 && lines[0] === ROTATION && lines[1] === origin && lines[4] === "";
    if (!said) throw new Refused("rotation-invalid", "not the text of a change of keys");
    const signed = new Map(opened.verified.map((key) => [key.text, key]));
    const both = [signed.get(lines[2]), signed.get(lines[3])];
    if (!both[0] || !both[1]) {
      throw new Refused("rotation-invalid", "a change of keys is signed by the old key and the new one");
    }
    if (!both.every((key) => logKey(key, origin))) {
      throw new Refused("rotation-invalid", "a change of keys is between keys of the log");
    }
    if (trusted.has(lines[2])) trusted.set(lines[3], both[1]);
  }
  return [...trusted.values()];
}

const isTrusted = (key, trusted) => trusted.some((one) => one.text === key.text);
const BROUGHT = "brought by the file, not checked against anything you gave";

/** Open a note and record what its signatures are worth by themselves; null when they do not hold. */
async function noteJudge(steps, step, bytes, embedded, trusted) {
  let note;
  try {
    note = await noteOpen(bytes, [...embedded, ...trusted]);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    steps.fail(step.signature, "signature-invalid", {}, error.message);
    return null;
  }
  if (note.unverified.length) steps.doubt(step.signature, "unknown-signer", { signers: note.unverified.join(", ") });
  const told = (key) => `${key.name} (${key.fingerprint.slice(0, 16)}${isTrusted(key, trusted) ? "" : `; ${BROUGHT}`})`;
  steps.done(step.signature, note.verified.map(told).join(", "));
  return note;
}

/** Record whether a trusted key signed that may; `role` says which may. */
function pinJudge(steps, step, note, role, pinned, trusted) {
  const ours = note.verified.filter((key) => isTrusted(key, trusted) && role(key));
  const told = (key) => `${key.name}, ${key.fingerprint}${isTrusted(key, trusted) ? "" : `, ${BROUGHT}`}`;
  steps.done(step.pin, (ours.length ? ours : note.verified).map(told).join("; "));
  if (ours.length) return;
  if (!pinned.length) steps.doubt(step.pin, "key-not-pinned");
  else if (step.foreignFails) steps.fail(step.pin, "other-key");
  else steps.doubt(step.pin, "signer-not-pinned");
}

/** The keys that signed: those trusted, and apart from them those the file brought itself. */
function signerFacts(note, trusted, prefix = "") {
  const facts = {};
  facts[`${prefix}fingerprints`] = note.verified.filter((key) => isTrusted(key, trusted)).map((key) => key.fingerprint);
  const brought = note.verified.filter((key) => !isTrusted(key, trusted));
  if (brought.length) facts[`${prefix}unchecked_fingerprints`] = brought.map((key) => `${key.name}: ${key.fingerprint}`);
  return facts;
}
