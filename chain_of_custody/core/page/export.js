// The export file spoor-export/1, read line by line: docs/ledger-format.md, sections 2 to 4.

const LINE_LIMIT = 4 * 1024 * 1024;
const PIECE = 1 << 20;

/** A part of a file, read piece by piece. */
class Section {
  constructor(file, start, end) {
    Object.assign(this, { file, start, end });
  }

  async *pieces() {
    for (let at = this.start; at < this.end; at += PIECE) {
      const piece = this.file.slice(at, Math.min(at + PIECE, this.end));
      yield new Uint8Array(await piece.arrayBuffer());
    }
  }
}

/** Lines with their line feed; the last one may have none. A line beyond the limit ends the reading. */
async function* linesOf(section) {
  let rest = new Uint8Array(0);
  for await (const piece of section.pieces()) {
    let at = 0;
    for (;;) {
      const end = piece.indexOf(10, at);
      if (end < 0) break;
      const line = piece.subarray(at, end + 1);
      yield rest.length ? concat(rest, line) : line;
      rest = rest.subarray(0, 0);
      at = end + 1;
    }
    rest = rest.length ? concat(rest, piece.subarray(at)) : piece.slice(at);
    if (rest.length > LINE_LIMIT) break;
  }
  if (rest.length) yield rest;
}

const ENTRY_START = utf8('{"entry":"');
const FOOTER_START = utf8('{"digest":"');
const HEADER_KEYS = ["checkpoint", "format", "origin", "scope", "vkeys"];
const FOOTER_KEYS = ["digest", "entries", "revealed"];
const HASH_TEXT = '"([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)"';
const REST_FORM = new RegExp(
  `^","index":(0|[1-9][0-9]{0,15}),"leaf":${HASH_TEXT},"leaf_salt":${HASH_TEXT}(?:|(,[^]+))\\}\\n$`,
);
const startsWith = (bytes, start) => bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte);

/** The bytes as a text of the signs U+0000 to U+00FF, one for each byte. */
function signs(bytes) {
  let out = "";
  for (let at = 0; at < bytes.length; at += 8192) out += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return out;
}

/** Whether it is a list of texts that has none twice. */
const textList = (list) =>
  Array.isArray(list) && list.every((one) => typeof one === "string") && new Set(list).size === list.length;

class ExportReader {
  constructor(section) {
    this.lines = linesOf(section);
    this.hash = new Sha256();
    this.line = 0;
    this.footer = null;
  }

  refused(reason, message) {
    return new Refused(reason, message, { line: this.line });
  }

  async next() {
    const { value, done } = await this.lines.next();
    this.line += 1;
    if (done) throw this.refused("truncated", "no footer");
    if (value.length > LINE_LIMIT) throw this.refused("export-malformed", "line too long");
    if (value[value.length - 1] !== 10) throw this.refused("truncated", "ends within a line");
    if (!startsWith(value, FOOTER_START)) this.hash.update(value);
    return value;
  }

  object(bytes) {
    try {
      return canonicalParse(bytes);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw this.refused(error.reason, error.message);
    }
  }

  async open() {
    const line = await this.next();
    const value = this.object(line.subarray(0, -1));
    const more = [[], ["rotations"], ["start"], ["rotations", "start"]];
    const fits = more.some((keys) => hasKeys(value, [...HEADER_KEYS, ...keys]));
    if (!fits) throw this.refused("export-malformed", "not a header");
    const { origin, checkpoint, vkeys, rotations = [] } = value;
    const texts = [origin, checkpoint].every((text) => typeof text === "string");
    const lists = textList(vkeys) && textList(rotations) && !("rotations" in value && !rotations.length);
    if (value.format !== "spoor-export/1" || !["full", "items"].includes(value.scope) || !texts || !lists) {
      throw this.refused("export-malformed", "not a header of this format");
    }
    const { start = 0 } = value;
    if (!Number.isInteger(start) || ("start" in value && (start < 1 || value.scope !== "full"))) {
      throw this.refused("export-malformed", "start");
    }
    let keys;
    try {
      keys = vkeys.map(keyParse);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw this.refused("export-malformed", error.message);
    }
    this.header = { origin, start, full: value.scope === "full", scope: value.scope, checkpoint: utf8(checkpoint), keys, rotations };
  }

  async *rows() {
    let entries = 0;
    let revealed = 0;
    let line = await this.next();
    for (; !startsWith(line, FOOTER_START); line = await this.next()) {
      const row = this.row(line);
      if ((row.proof === null) !== this.header.full) throw this.refused("export-malformed", "scope and proof");
      entries += 1;
      revealed += row.revealed.length;
      yield row;
    }
    const footer = this.readFooter(line);
    if (footer.entries !== entries || footer.revealed !== revealed) {
      throw this.refused("count-mismatch", `${entries}, ${revealed}`);
    }
    if (!(await this.lines.next()).done) throw this.refused("trailing-bytes", "bytes after the footer");
    this.footer = footer;
  }

  row(line) {
    const end = line.indexOf(34, ENTRY_START.length);
    const match = end < 0 || !startsWith(line, ENTRY_START) ? null : REST_FORM.exec(signs(line.subarray(end)));
    if (!match) throw this.refused("export-malformed", "not an entry line");
    if (!Number.isSafeInteger(Number(match[1]))) throw this.refused("export-malformed", "an index beyond 2^53 - 1");
    const entry = base64Bytes(line.subarray(ENTRY_START.length, end));
    if (!entry) throw this.refused("not-base64", "entry");
    const row = { entry, index: Number(match[1]), leaf: base64Text(match[2]), salt: base64Text(match[3]) };
    if (!match[4]) return { ...row, proof: null, revealed: [] };
    const rest = Uint8Array.from(`{${match[4].slice(1)}}`, (sign) => sign.charCodeAt(0));
    return { ...row, ...this.extras(rest) };
  }

  extras(bytes) {
    const value = this.object(bytes);
    if (!hasKeys(value, ["proof"]) && !hasKeys(value, ["revealed"]) && !hasKeys(value, ["proof", "revealed"])) {
      throw this.refused("export-malformed", "unknown fields");
    }
    const { proof = null, revealed = {} } = value;
    const shaped = (!("proof" in value) || Array.isArray(proof)) && isObject(revealed);
    if (!shaped || ("revealed" in value && !Object.keys(revealed).length)) {
      throw this.refused("export-malformed", "proof or revealed");
    }
    const openings = Object.entries(revealed).map(([name, item]) => {
      if (!hasKeys(item, ["salt", "value"])) throw this.refused("export-malformed", `revealed.${name}`);
      return { name, salt: this.base64(item.salt), value: item.value };
    });
    return { proof: proof && proof.map((node) => this.base64(node)), revealed: openings };
  }

  base64(text) {
    const data = typeof text === "string" ? base64Text(text) : null;
    if (!data) throw this.refused("not-base64", "a hash or salt");
    if (data.length !== 32) throw this.refused("export-malformed", "not 32 bytes");
    return data;
  }

  readFooter(line) {
    const value = this.object(line.subarray(0, -1));
    const signed = hasKeys(value, [...FOOTER_KEYS, "signature"]);
    if (!signed && !hasKeys(value, FOOTER_KEYS)) throw this.refused("export-malformed", "not a footer");
    const counted = Number.isInteger(value.entries) && Number.isInteger(value.revealed);
    if (!counted || (signed && typeof value.signature !== "string")) throw this.refused("export-malformed", "counts");
    if (value.digest !== hex(this.hash.digest())) throw this.refused("digest-mismatch", "footer");
    return value;
  }
}

const ZERO = Uint8Array.of(0);
const ONE = Uint8Array.of(1);
const leafHash = (data) => sha256(ZERO, data);
const nodeHash = (left, right) => sha256(ONE, left, right);

/** The complete subtrees of a tree that grows leaf by leaf (RFC 6962 section 2.1). */
class Tree {
  constructor() {
    this.size = 0;
    this.peaks = [];
  }

  append(leaf) {
    let node = leaf;
    for (let rest = this.size; rest % 2; rest = (rest - 1) / 2) node = nodeHash(this.peaks.pop(), node);
    this.peaks.push(node);
    this.size += 1;
  }

  root() {
    return this.peaks.length ? this.peaks.reduceRight((right, left) => nodeHash(left, right)) : sha256();
  }
}

/** Whether the leaf hash stands at `index` of a tree with this size and root (RFC 9162 section 2.1.3.2). */
function included(leaf, index, size, proof, root) {
  if (index >= size) return false;
  let [here, last, node] = [index, size - 1, leaf];
  const half = (n) => Math.floor(n / 2);
  for (const sibling of proof) {
    if (last === 0) return false;
    if (here % 2 || here === last) {
      node = nodeHash(sibling, node);
      while (here && here % 2 === 0) [here, last] = [half(here), half(last)];
    } else {
      node = nodeHash(node, sibling);
    }
    [here, last] = [half(here), half(last)];
  }
  return last === 0 && equal(node, root);
}

const TAG = {
  entry: utf8("spoor/entry/v1\0"),
  leaf: utf8("spoor/leaf/v1\0"),
  commitment: utf8("spoor/commitment/v1\0"),
};
const EXPORT_STEPS = [
  "file",
  "entries",
  "opened values",
  "streams",
  "custody",
  "log",
  "checkpoint",
  "key",
  "end of streams",
];

/** Checks one export and records every step; `sealed` says that a pack's signature fixes where it ends. */
class ExportVerifier {
  constructor(steps, { pinned = [], outside = null, sealed = false, packs = null, progress = () => {} } = {}) {
    Object.assign(this, { steps, pinned, outside, sealed, packs, progress });
    this.streams = new Streams();
    this.tree = new Tree();
    this.checkpoint = null;
    this.outsideRoot = null;
    this.last = -1;
    this.entries = this.opened = this.withheld = 0;
    this.facts = {};
    this.signers = new Set();
    steps.begin(...EXPORT_STEPS);
    if (outside) steps.begin("outside checkpoint");
  }

  async run(section) {
    const reader = new ExportReader(section);
    try {
      await reader.open();
      await this.openCheckpoint(reader.header);
      if (reader.header.start) {
        this.steps.doubt("file", "state-missing", {}, `${reader.header.start}`);
        return;
      }
      for await (const row of reader.rows()) {
        this.row(reader.line, row);
        if (this.entries % 2048 === 0) await this.progress(this.entries);
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.steps.fail("file", error.reason, error.where, error.message);
      return;
    }
    await this.finish(reader);
  }

  async openCheckpoint(header) {
    this.trusted = this.pinned;
    try {
      this.trusted = await rotationsFollow(header.origin, header.rotations, this.pinned, header.keys);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.steps.fail("key", "rotation-invalid", {}, error.message);
    }
    const step = { signature: "checkpoint", pin: "key", foreignFails: true };
    const note = await noteJudge(this.steps, step, header.checkpoint, header.keys, this.trusted);
    if (!note) return;
    let checkpoint;
    try {
      checkpoint = checkpointParse(note.text);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.steps.fail("checkpoint", error.reason, {}, error.message);
      return;
    }
    if (checkpoint.origin !== header.origin) this.steps.fail("checkpoint", "origin-mismatch");
    const own = (key) => logKey(key, checkpoint.origin);
    if (!note.verified.some(own)) this.steps.fail("checkpoint", "not-by-origin");
    pinJudge(this.steps, step, note, own, this.pinned, this.trusted);
    this.checkpoint = checkpoint;
    const { origin, size } = checkpoint;
    Object.assign(this.facts, { origin, scope: header.scope, size, root: hex(checkpoint.root) });
    Object.assign(this.facts, signerFacts(note, this.trusted));
    for (const key of note.verified) this.signers.add(key.text);
    this.full = header.full;
  }

  row(line, row) {
    this.entries += 1;
    const at = { line, index: row.index };
    const digest = sha256(TAG.entry, row.entry);
    if (!equal(sha256(TAG.leaf, row.salt, digest), row.leaf)) this.steps.fail("log", "leaf-mismatch", at);
    this.rowEntry(at, row, hex(digest));
    this.rowLog(at, row);
  }

  rowEntry(at, row, digest) {
    let entry;
    try {
      entry = entryParse(row.entry);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.steps.fail("entries", error.reason, at, error.message);
      return;
    }
    const stream = `${entry.stream.kind}/${entry.stream.id}`;
    const where = { ...at, entry: entry.id, stream, sequence: entry.sequence };
    this.withheld += Object.keys(entry.committed).length - row.revealed.length;
    for (const { name, salt, value } of row.revealed) {
      this.opened += 1;
      if (!Object.hasOwn(entry.committed, name)) {
        this.steps.fail("opened values", "opening-without-commitment", where, name);
        continue;
      }
      const told = sha256(TAG.commitment, salt, utf8(canonicalText([entry.id, name, value])));
      if (hex(told) !== entry.committed[name]) this.steps.fail("opened values", "opening-mismatch", where, name);
    }
    for (const [step, reason, detail] of this.streams.follow(entry, digest)) {
      this.steps.fail(step, reason, where, detail);
    }
  }

  rowLog(at, row) {
    if (row.proof === null) {
      if (row.index !== this.last + 1) this.steps.fail("log", "index-gap", at);
      this.tree.append(leafHash(row.leaf));
      if (this.outside && this.tree.size === this.outside.size) this.outsideRoot = this.tree.root();
    } else {
      if (row.index <= this.last) this.steps.fail("log", "index-order", at);
      const { size, root } = this.checkpoint || {};
      if (this.checkpoint && !included(leafHash(row.leaf), row.index, size, row.proof, root)) {
        this.steps.fail("log", "proof-invalid", at);
      }
    }
    this.last = row.index;
  }

  async finish(reader) {
    const { steps } = this;
    const streams = this.streams.heads.size;
    steps.done("file", `${reader.line}`);
    steps.done("entries", `${this.entries}`);
    steps.done("opened values", `${this.opened} / ${this.opened + this.withheld}`);
    steps.done("streams", `${streams}`);
    steps.done("custody", "");
    if (this.checkpoint) this.finishLog(reader.header.full);
    await this.finishEnd(reader);
    this.finishKeys(reader.header);
    if (this.outside && this.checkpoint) this.finishOutside(reader.header.full);
    Object.assign(this.facts, { entries: this.entries, streams, opened: this.opened, withheld: this.withheld });
  }

  finishLog(full) {
    const { steps, tree, checkpoint } = this;
    if (full && tree.size !== checkpoint.size) steps.fail("log", "size-mismatch", {}, `${tree.size}, ${checkpoint.size}`);
    else if (full && !equal(tree.root(), checkpoint.root)) steps.fail("log", "root-mismatch");
    steps.done("log", `${checkpoint.size}`);
  }

  async finishEnd(reader) {
    const { steps } = this;
    const { signature, digest } = reader.footer;
    const { origin, keys, full } = reader.header;
    if (signature !== undefined) {
      const step = { signature: "end of streams", pin: "end of streams", foreignFails: false };
      const trusted = [...this.trusted, ...(this.packs || [])];
      const mayEnd = (key) => (this.packs ? packKey(key, origin, this.packs) : logKey(key, origin));
      const note = await noteJudge(steps, step, utf8(signature), keys, trusted);
      for (const key of note ? note.verified : []) this.signers.add(key.text);
      if (note) pinJudge(steps, step, note, mayEnd, this.pinned, trusted);
      if (note && note.text !== `spoor-export/1\n${origin}\n${digest}\n`) {
        steps.fail("end of streams", "signature-invalid");
      }
      return;
    }
    steps.done("end of streams", "");
    if (!full && !this.sealed) steps.doubt("end of streams", "end-not-signed");
  }

  /** Every key named in the header has signed something here. */
  finishKeys({ keys, rotations }) {
    const turned = new Set(rotations.flatMap((note) => note.split("\n")));
    const idle = keys.filter((key) => !this.signers.has(key.text) && !turned.has(key.text));
    if (!idle.length || !this.signers.size) return;
    this.steps.fail("file", "key-unused", { line: 1 }, idle.slice(0, 5).map((key) => key.name).join(", "));
  }

  finishOutside(full) {
    const { steps, outside, checkpoint } = this;
    const step = "outside checkpoint";
    steps.done(step, `${outside.size}`);
    if (checkpoint.origin !== outside.origin) steps.fail(step, "outside-origin", {}, outside.origin);
    else if (outside.size > checkpoint.size) steps.fail(step, "outside-ahead", {}, `${checkpoint.size}, ${outside.size}`);
    else if (outside.size === checkpoint.size || (full && outside.size)) {
      const root = outside.size === checkpoint.size ? checkpoint.root : this.outsideRoot;
      if (!root || !equal(root, outside.root)) steps.fail(step, "outside-fork");
    } else if (outside.size) steps.doubt(step, "outside-not-comparable");
  }
}
