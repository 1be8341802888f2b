// The disclosure pack spoor-pack/1: an archive whose every byte is accounted for, a bag, a signature, a history.

const MAX16 = 0xffff;
const MAX32 = 0xffffffff;
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
const END64_SIZE = 56;
const LOCATOR_SIZE = 20;
const DIRECTORY_LIMIT = 1 << 28;
const TAG_LIMIT = 1 << 24;
const UTF8_FLAG = 0x0800;
const MADE_BY = (3 << 8) | 45;
const DATE = 0x0021;

/** Little-endian numbers one after the other: [2, value] two bytes, [4, value] four, [8, value] eight. */
function packed(...fields) {
  const out = new Uint8Array(fields.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else if (size === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += size;
  }
  return out;
}

const LOCAL_SIGN = 0x04034b50;
const CENTRAL_SIGN = 0x02014b50;
const END_SIGN = 0x06054b50;
const END64_SIGN = 0x06064b50;
const LOCATOR_SIGN = 0x07064b50;

/** The local header a member must have. */
function localHeader({ name, size, crc }) {
  const fixed = [[4, LOCAL_SIGN], [2, 45], [2, UTF8_FLAG], [2, 0], [2, 0], [2, DATE], [4, crc], [4, MAX32], [4, MAX32]];
  return concat(packed(...fixed, [2, name.length], [2, 20]), name, packed([2, 1], [2, 16], [8, size], [8, size]));
}

/** The record a member must have in the central directory. */
function centralRecord({ name, size, crc, offset }) {
  const wide = [...(size >= MAX32 ? [[8, size], [8, size]] : []), ...(offset >= MAX32 ? [[8, offset]] : [])];
  const extra = wide.length ? packed([2, 1], [2, 8 * wide.length], ...wide) : new Uint8Array(0);
  const short = Math.min(size, MAX32);
  const fixed = [[4, CENTRAL_SIGN], [2, MADE_BY], [2, 45], [2, UTF8_FLAG], [2, 0], [2, 0], [2, DATE], [4, crc]];
  const sizes = [[4, short], [4, short], [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0]];
  return concat(packed(...fixed, ...sizes, [4, 0o100644 * 65536], [4, Math.min(offset, MAX32)]), name, extra);
}

/** Everything after the last member. */
function directoryBytes(members, start) {
  const records = concatAll(members.map(centralRecord));
  const [count, size] = [members.length, records.length];
  let wide = new Uint8Array(0);
  if (count >= MAX16 || size >= MAX32 || start >= MAX32) {
    const sizes = [[8, 44], [2, MADE_BY], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, start]];
    wide = packed([4, END64_SIGN], ...sizes, [4, LOCATOR_SIGN], [4, 0], [8, start + size], [4, 1]);
  }
  const short = Math.min(count, MAX16);
  const sizes = [[2, short], [2, short], [4, Math.min(size, MAX32)], [4, Math.min(start, MAX32)], [2, 0]];
  return concat(records, wide, packed([4, END_SIGN], [2, 0], [2, 0], ...sizes));
}

class Archive {
  constructor(file) {
    this.file = file;
    this.members = new Map();
  }

  async read(place, size) {
    if (place < 0) return new Uint8Array(0);
    const start = Math.min(place, this.file.size);
    return new Uint8Array(await this.file.slice(start, start + size).arrayBuffer());
  }

  async open() {
    const [count, size, start] = await this.end();
    for (const member of await this.directory(count, size, start)) this.members.set(member.path, member);
    if (this.members.size !== count) throw new Refused("archive-strange", "a name occurs twice");
    await this.check(start);
  }

  async end() {
    const tail = await this.read(Math.max(this.file.size - END_SIZE, 0), END_SIZE);
    const view = new DataView(tail.buffer);
    if (tail.length < END_SIZE || view.getUint32(0, true) !== END_SIGN) {
      throw new Refused("archive-malformed", "no end record");
    }
    const found = [view.getUint16(10, true), view.getUint32(12, true), view.getUint32(16, true)];
    const locator = await this.read(this.file.size - END_SIZE - LOCATOR_SIZE, LOCATOR_SIZE);
    if (locator.length < LOCATOR_SIZE || new DataView(locator.buffer).getUint32(0, true) !== LOCATOR_SIGN) return found;
    const end64 = await this.read(Number(new DataView(locator.buffer).getBigUint64(8, true)), END64_SIZE);
    if (end64.length < END64_SIZE) return found;
    const wide = new DataView(end64.buffer);
    return [32, 40, 48].map((at) => Number(wide.getBigUint64(at, true)));
  }

  async directory(count, size, start) {
    if (size > DIRECTORY_LIMIT || start + size > this.file.size) {
      throw new Refused("archive-malformed", "the directory does not fit in the file");
    }
    const data = await this.read(start, size);
    const view = new DataView(data.buffer);
    const members = [];
    let place = 0;
    for (let n = 0; n < count; n++) {
      if (data.length - place < CENTRAL_SIZE || view.getUint32(place, true) !== CENTRAL_SIGN) {
        throw new Refused("archive-malformed", "fewer records than stated");
      }
      const [flags, method] = [view.getUint16(place + 8, true), view.getUint16(place + 10, true)];
      const [crc, length] = [view.getUint32(place + 16, true), view.getUint32(place + 24, true)];
      const [nameSize, extraSize] = [view.getUint16(place + 28, true), view.getUint16(place + 30, true)];
      const offset = view.getUint32(place + 42, true);
      place += CENTRAL_SIZE;
      const name = data.slice(place, place + nameSize);
      const extra = data.slice(place + nameSize, place + nameSize + extraSize);
      const path = memberName(name, flags, method);
      const [wideSize, wideOffset] = wideNumbers(extra, length, offset);
      members.push({ name, path, size: wideSize, crc, offset: wideOffset });
      place += nameSize + extraSize;
    }
    return members;
  }

  async check(start) {
    let due = 0;
    for (const member of this.members.values()) {
      const header = localHeader(member);
      const fits = member.offset === due && due + header.length + member.size <= this.file.size;
      if (!fits || !equal(await this.read(due, header.length), header)) {
        throw new Refused("archive-strange", "header", { file: insideOf(member.path) });
      }
      member.start = due + header.length;
      due = member.start + member.size;
    }
    const tail = due === start ? directoryBytes([...this.members.values()], due) : new Uint8Array(0);
    const whole = due === start && due + tail.length === this.file.size;
    if (!whole || !equal(await this.read(due, tail.length), tail)) {
      throw new Refused("archive-strange", "the directory is not what the members demand");
    }
  }

  section(path) {
    const { start, size } = this.members.get(path);
    return new Section(this.file, start, start + size);
  }

  /** The bytes of a member, piece by piece; throws `Refused` at the end when they do not have its CRC-32. */
  async *pieces(path) {
    const { crc } = this.members.get(path);
    let sum = 0;
    for await (const piece of this.section(path).pieces()) {
      sum = crc32(piece, sum);
      yield piece;
    }
    if (sum !== crc) throw new Refused("archive-malformed", "CRC-32", { file: insideOf(path) });
  }
}

/** The path below the folder that holds everything. */
const insideOf = (path) => path.slice(path.indexOf("/") + 1) || path;

function memberName(name, flags, method) {
  if (flags & 1) throw new Refused("archive-strange", "encrypted");
  if (method) throw new Refused("archive-strange", "compressed");
  const path = textOf(name);
  if (path === null) throw new Refused("archive-strange", "a name that is not UTF-8");
  return path;
}

/** Size and offset from a ZIP64 field; a wrong field gives wrong numbers, which the rebuilt headers reveal. */
function wideNumbers(extra, size, offset) {
  const view = new DataView(extra.buffer);
  const values = [];
  if (extra.length >= 12) {
    for (let at = 4; at + 8 <= extra.length; at += 8) values.push(Number(view.getBigUint64(at, true)));
  }
  if (size === MAX32) {
    size = values.length ? values.shift() : size;
    values.shift();
  }
  if (offset === MAX32 && values.length) offset = values.shift();
  return [size, offset];
}

const TAG_FILES = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "signature.txt"];
const CUSTODY_PATH = "data/custody/custody.jsonl";
const DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const REFERENCE_FORM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

function pathUnsafe(path) {
  const parts = path.split("/");
  // eslint-disable-next-line no-control-regex
  if (/^[/~]/.test(path) || /^[A-Za-z]:/.test(path) || /[\\\x00-\x1f\x7f]/.test(path)) return true;
  return parts.includes("") || parts.includes(".") || parts.includes("..");
}

const memberUnsafe = (path) => path.normalize("NFC") !== path || pathUnsafe(path);
/** What two paths have in common that some file system would take for one. */
const sameOnDisk = (path) => [...path.normalize("NFC").toUpperCase()].map((sign) => sign.toLowerCase()).join("");

function byUtf8(a, b) {
  const [x, y] = [utf8(a), utf8(b)];
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i] - y[i];
  return x.length - y.length;
}

const PACK_STEPS = ["archive", "bag", "pack signature", "pack key", "custody history"];

const PACK_NOTE = { signature: "pack signature", pin: "pack key", foreignFails: false };

class PackVerifier {
  constructor(steps, options = {}) {
    Object.assign(this, { steps, options, pinned: options.pinned || [], packs: options.packs || [], facts: {} });
    steps.begin(...PACK_STEPS);
  }

  async run(file) {
    this.archive = new Archive(file);
    try {
      await this.archive.open();
      this.checkFolder();
      this.checkNames();
      this.steps.done("archive", `${this.names.length}`);
      await this.checkBag();
      await this.checkSignature();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.steps.fail("archive", error.reason, error.where, error.message);
      return;
    }
    await this.checkHistory();
  }

  checkFolder() {
    const folders = new Set([...this.archive.members.keys()].map((path) => path.split("/", 1)[0]));
    [this.reference] = folders;
    if (folders.size !== 1) throw new Refused("archive-strange", "a pack has one folder");
    if (this.archive.members.has(this.reference)) {
      throw new Refused("archive-strange", "the one folder is a file", { file: this.reference });
    }
    if (!REFERENCE_FORM.test(this.reference)) throw new Refused("archive-strange", "no pack reference");
    const start = `${this.reference}/`;
    const inside = (path) => (path.startsWith(start) ? path.slice(start.length) : path);
    this.names = [...this.archive.members.keys()].map(inside);
  }

  checkNames() {
    const { names } = this;
    const unsafe = names.find(memberUnsafe);
    if (unsafe !== undefined) throw new Refused("path-unsafe", "path", { file: unsafe });
    if (new Set(names.map(sameOnDisk)).size !== names.length) throw new Refused("archive-strange", "names alike");
    const missing = TAG_FILES.find((name) => !names.includes(name));
    if (missing) throw new Refused("file-missing", "missing", { file: missing });
    this.payload = names.filter((name) => name.startsWith("data/"));
    const due = [...this.payload].sort(byUtf8).concat(TAG_FILES);
    if (names.length !== due.length || names.some((name, i) => name !== due[i])) {
      const extra = names.find((name) => !TAG_FILES.includes(name) && !name.startsWith("data/"));
      throw new Refused(extra === undefined ? "archive-strange" : "unlisted", extra || "files out of order");
    }
    const long = TAG_FILES.find((name) => this.archive.members.get(`${this.reference}/${name}`).size > TAG_LIMIT);
    if (long) throw new Refused("pack-malformed", "too long", { file: long });
  }

  fault(reason, file, detail = "") {
    this.faults.push([reason, file, detail]);
  }

  async checkBag() {
    this.faults = [];
    const declared = equal(await this.tag("bagit.txt"), utf8(DECLARATION));
    if (declared) await this.checkManifests();
    else this.fault("declaration-malformed", "bagit.txt");
    for (const [reason, file, detail] of this.faults) this.steps.fail("bag", reason, { file }, detail);
    const info = this.info(await this.tag("bag-info.txt"));
    const sizes = this.payload.map((name) => this.archive.members.get(`${this.reference}/${name}`).size);
    const oxum = `${sizes.reduce((sum, size) => sum + size, 0)}.${sizes.length}`;
    for (const [label, wanted] of [["External-Identifier", this.reference], ["Payload-Oxum", oxum]]) {
      if (info.get(label) !== wanted) this.steps.fail("bag", "bag-info-mismatch", { file: "bag-info.txt" }, label);
    }
    this.steps.done("bag", `${sizes.length}`);
    Object.assign(this.facts, { pack: this.reference, payload_files: sizes.length });
  }

  async checkManifests() {
    const payload = await this.manifest("manifest-sha256.txt", true);
    const listed = new Set([...payload.keys()].map((path) => path.normalize("NFC")));
    for (const name of [...this.payload].sort(byUtf8)) if (!listed.has(name.normalize("NFC"))) this.fault("unlisted", name);
    const tags = await this.manifest("tagmanifest-sha256.txt", false);
    await this.digests(payload);
    await this.digests(tags);
  }

  async manifest(name, payload) {
    const text = textOf(await this.tag(name));
    if (text === null) this.fault("tag-encoding", name);
    const listed = new Map();
    for (const line of (text || "").split(/\r\n|\n|\r/)) {
      if (BLANK.test(line)) continue;
      const match = /^([0-9A-Fa-f]+)[ \t]+\*?([^\n]+)$/.exec(line);
      if (!match) {
        this.fault("manifest-malformed", name, line.slice(0, 80));
        break;
      }
      const path = match[2].replace(/^\.\//, "").replace(/%0a/gi, "\n").replace(/%0d/gi, "\r").replaceAll("%25", "%");
      if (pathUnsafe(path)) this.fault("path-unsafe", name, path);
      else {
        if (listed.has(path)) this.fault("listed-twice", name, path);
        listed.set(path, match[1].toLowerCase());
      }
      if (payload !== path.startsWith("data/")) this.fault("manifest-malformed", name, path);
    }
    return listed;
  }

  async digests(listed) {
    const names = new Set(this.names);
    const stored = new Map(this.names.map((name) => [name.normalize("NFC"), name]));
    for (const [path, wanted] of listed) {
      const name = names.has(path) ? path : stored.get(path.normalize("NFC"));
      if (name === undefined) {
        this.fault("file-missing", path);
        continue;
      }
      const hash = new Sha256();
      for await (const piece of this.archive.pieces(`${this.reference}/${name}`)) hash.update(piece);
      if (hex(hash.digest()) !== wanted) this.fault("digest-mismatch", path);
      if (this.options.progress) await this.options.progress(name);
    }
  }

  /** A tag file whole; `checkNames` saw to its length. */
  async tag(name) {
    const parts = [];
    for await (const piece of this.archive.pieces(`${this.reference}/${name}`)) parts.push(piece);
    return concatAll(parts);
  }

  info(bytes) {
    const text = textOf(bytes);
    if (text === null) throw new Refused("pack-malformed", "not UTF-8", { file: "bag-info.txt" });
    return new Map(
      text.replace(/\n$/, "").split("\n").map((line) => {
        const match = /^([A-Za-z][A-Za-z0-9-]{0,59}): ([^]*)$/.exec(line);
        if (!match) throw new Refused("pack-malformed", line.slice(0, 80), { file: "bag-info.txt" });
        return [match[1], match[2]];
      }),
    );
  }

  async checkSignature() {
    const info = this.info(await this.tag("bag-info.txt"));
    const tagmanifest = await this.tag("tagmanifest-sha256.txt");
    const lines = looseDecoder.decode(tagmanifest).replace(/\n$/, "").split("\n");
    const listed = new Set(lines.map((line) => [...line].slice(66).join("")));
    if (listed.size !== 3 || !TAG_FILES.slice(0, 3).every((name) => listed.has(name))) {
      this.steps.fail("bag", "tagmanifest-incomplete", { file: "tagmanifest-sha256.txt" });
    }
    let key;
    try {
      key = keyParse(info.get("Spoor-Signing-Key") || "");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.steps.fail("pack signature", "signature-invalid", { file: "bag-info.txt" }, error.message);
      return;
    }
    const trusted = [...this.pinned, ...this.packs];
    const note = await noteJudge(this.steps, PACK_NOTE, await this.tag("signature.txt"), [key], trusted);
    if (!note) return;
    this.signed = note;
    Object.assign(this.facts, signerFacts(note, trusted, "pack_"));
    if (note.text !== `spoor-pack/1\n${this.reference}\n${hex(sha256(tagmanifest))}\n`) {
      this.steps.fail("pack signature", "signature-invalid", { file: "signature.txt" });
    }
  }

  async checkHistory() {
    if (!this.names.includes(CUSTODY_PATH)) {
      this.steps.fail("custody history", "custody-missing", { file: CUSTODY_PATH });
      return;
    }
    this.steps.done("custody history", CUSTODY_PATH);
    const sealed = !this.steps.failed("bag") && !this.steps.failed("pack signature");
    const verifier = new ExportVerifier(this.steps, { ...this.options, sealed, packs: this.packs });
    await verifier.run(this.archive.section(`${this.reference}/${CUSTODY_PATH}`));
    Object.assign(this.facts, verifier.facts);
    if (this.signed && verifier.facts.origin) this.judgeKey(verifier.facts.origin);
  }

  /** Whether a trusted key signed the pack that may sign packs of the log its history is of. */
  judgeKey(origin) {
    const trusted = [...this.pinned, ...this.packs];
    pinJudge(this.steps, PACK_NOTE, this.signed, (key) => packKey(key, origin, this.packs), trusted, trusted);
  }
}

const BLANK = new RegExp(`^[${SPACE}]*$`);
