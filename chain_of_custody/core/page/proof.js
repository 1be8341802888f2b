// One entry's proof (.tlog-proof): that its hash stands in the log a checkpoint signs. docs/ledger-format.md, section 3.

const PROOF_HEADER = "c2sp.org/tlog-proof@v1";
const PROOF_START = utf8(PROOF_HEADER);
const PROOF_LARGEST = 2000000;
const MOST_HASHES = 64;

/** Index, path, checkpoint and extra bytes of a proof file; throws `Refused` for any other text. */
function proofParse(bytes) {
  const refused = (message) => new Refused("proof-malformed", message);
  const blank = bytes.findIndex((byte, at) => byte === 10 && bytes[at + 1] === 10);
  if (blank < 0 || blank + 2 === bytes.length) throw refused("no checkpoint after an empty line");
  const head = bytes.subarray(0, blank);
  if (head.some((byte) => byte > 127)) throw refused("not plain ASCII");
  const [first, ...rest] = signs(head).split("\n");
  if (first !== PROOF_HEADER) throw refused("line 1");
  let extra = new Uint8Array(0);
  if (rest.length && rest[0].startsWith("extra ")) extra = base64Text(rest.shift().slice(6));
  const index = /^index (0|[1-9][0-9]{0,18})$/.exec(rest.shift() ?? "");
  if (!extra || !index) throw refused("extra or index");
  const hashes = rest.map(base64Text);
  if (hashes.length > MOST_HASHES || hashes.some((node) => !node || node.length !== 32)) throw refused("the path");
  return { index: Number(index[1]), hashes, extra, checkpoint: bytes.subarray(blank + 2) };
}

/** Checks one proof; the entry itself an export shows. */
class ProofVerifier {
  constructor(steps, { pinned = [], outside = null } = {}) {
    Object.assign(this, { steps, pinned, outside });
    this.facts = {};
    steps.begin("file", "checkpoint", "key", "log");
    if (outside) steps.begin("outside checkpoint");
  }

  async run(file) {
    const { steps, pinned } = this;
    let proof;
    try {
      proof = proofParse(new Uint8Array(await file.slice(0, PROOF_LARGEST).arrayBuffer()));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      steps.fail("file", error.reason, {}, error.message);
      return;
    }
    steps.done("file", `${proof.index}, ${proof.hashes.length}`);
    if (!pinned.length) {
      steps.doubt("checkpoint", "key-not-pinned");
      return;
    }
    const checkpoint = await this.opened(proof.checkpoint);
    if (!checkpoint) return;
    this.path(proof, checkpoint);
    if (this.outside) this.compare(checkpoint);
    Object.assign(this.facts, { origin: checkpoint.origin, size: checkpoint.size, root: hex(checkpoint.root) });
  }

  async opened(bytes) {
    const { steps, pinned } = this;
    const step = { signature: "checkpoint", pin: "key", foreignFails: true };
    const note = await noteJudge(steps, step, bytes, [], pinned);
    if (!note) return null;
    let checkpoint;
    try {
      checkpoint = checkpointParse(note.text);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      steps.fail("checkpoint", error.reason, {}, error.message);
      return null;
    }
    const own = (key) => logKey(key, checkpoint.origin);
    if (!note.verified.some(own)) steps.fail("checkpoint", "not-by-origin");
    pinJudge(steps, step, note, own, pinned, pinned);
    return checkpoint;
  }

  path({ index, hashes, extra }, { size, root }) {
    const { steps } = this;
    if (extra.length !== 64) {
      steps.fail("file", "proof-malformed", {}, "extra does not hold a leaf salt and an entry's hash");
      return;
    }
    const entry = extra.subarray(32);
    Object.assign(this.facts, { index, entry_hash: hex(entry) });
    const leaf = leafHash(sha256(TAG.leaf, extra));
    if (!included(leaf, index, size, hashes, root)) steps.fail("log", "proof-invalid");
    steps.done("log", `${index} / ${size}`);
  }

  compare({ origin, size, root }) {
    const { steps, outside } = this;
    const step = "outside checkpoint";
    steps.done(step, `${outside.size}`);
    if (origin !== outside.origin) steps.fail(step, "outside-origin", {}, outside.origin);
    else if (size !== outside.size) steps.doubt(step, "outside-not-comparable");
    else if (!equal(root, outside.root)) steps.fail(step, "outside-fork");
  }
}
