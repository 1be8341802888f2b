// The form of one entry, and the custody of an item replayed: docs/ledger-format.md, sections 1 and 5.

const ENTRY_LIMIT = 32768;
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
const MOMENT = `[0-9]{4}-[0-9]{2}-[0-9]{2}T${CLOCK}:[0-5][0-9]`;
const whole = (pattern) => {
  const form = new RegExp(`^(?:${pattern})$`);
  return (value) => typeof value === "string" && form.test(value) && !value.endsWith("\n");
};
const isUuid = whole(UUID);
const isDigest = whole("[0-9a-f]{64}");
const isWord = whole("[a-z][a-z0-9_]{0,63}");
const isField = whole("[a-z][a-z0-9_]*(?:\\.[a-z0-9_]+)*");
const isSchema = whole("[a-z][a-z0-9_]*(?:\\.[a-z][a-z0-9_]*)+/[1-9][0-9]{0,3}");
const isClaimed = whole(`${MOMENT}(?:\\.[0-9]{1,6})?(?:Z|[+-]${CLOCK})`);
const isRecorded = whole(`${MOMENT}\\.[0-9]{6}Z`);

function isDay(text) {
  const [year, month, day] = [text.slice(0, 4), text.slice(5, 7), text.slice(8, 10)].map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const last = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] || 0;
  return year > 0 && day >= 1 && day <= last;
}

const LINK_KEYS = ["v", "id", "act", "stream", "sequence", "previous"];
const FACT_KEYS = ["schema", "verb", "actor", "happened_at", "recorded_at", "values", "committed"];

const ENTRY_CHECKS = [
  ["fields", (e) => hasKeys(e, [...LINK_KEYS, ...FACT_KEYS])],
  ["v", (e) => e.v === 1],
  ["id", (e) => isUuid(e.id)],
  ["act", (e) => isUuid(e.act)],
  ["schema", (e) => isSchema(e.schema)],
  ["verb", (e) => isWord(e.verb)],
  ["happened_at", (e) => isClaimed(e.happened_at) && isDay(e.happened_at)],
  ["recorded_at", (e) => isRecorded(e.recorded_at) && isDay(e.recorded_at)],
  ["stream", (e) => hasKeys(e.stream, ["kind", "id"]) && isWord(e.stream.kind) && isUuid(e.stream.id)],
  ["actor", (e) => hasKeys(e.actor, ["party", "account", "role", "via"]) && isUuid(e.actor.party)],
  ["actor", (e) => isWord(e.actor.role) && isWord(e.actor.via)],
  ["actor.account", (e) => e.actor.account === null || isUuid(e.actor.account)],
  ["sequence", (e) => Number.isSafeInteger(e.sequence) && e.sequence >= 1],
  ["previous", (e) => (e.sequence === 1 ? e.previous === null : isDigest(e.previous))],
  ["values", (e) => isObject(e.values)],
  ["committed", (e) => isObject(e.committed)],
  ["committed", (e) => Object.entries(e.committed).every(([n, d]) => isField(n) && n.length <= 64 && isDigest(d))],
];

/** The entry of exact bytes; throws `Refused` naming the first field that is not as the format says. */
function entryParse(bytes) {
  if (bytes.length > ENTRY_LIMIT) throw new Refused("entry-malformed", "too long");
  let entry;
  try {
    entry = canonicalParse(bytes);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Refused("entry-malformed", error.message);
  }
  const wrong = ENTRY_CHECKS.find(([, check]) => !check(entry));
  if (wrong) throw new Refused("entry-malformed", wrong[0]);
  return entry;
}

const ITEM_SCHEMA = "custody.item/1";

function uuidIn(values, name) {
  const value = Object.hasOwn(values, name) ? values[name] : null;
  if (!isUuid(value)) throw new Refused("custody-value-missing", `values.${name}`);
  return value;
}

const FROM = [["from", "custodian"]];
const HAND_OVER = [["hand_over", "handOver"]];
const NOT_SAME = {
  custodian: "custody-not-custodian",
  handOver: "custody-hand-over",
  receiver: "custody-not-receiver",
  seal: "custody-seal",
};
const settled = (now) => ({ ...now, handOver: "", receiver: "" });
const passedOn = (now, values) => ({ ...settled(now), custodian: uuidIn(values, "to") });
const ended = (now) => ({ ...now, final: true });

/** What must hold before each verb (`free`: no open hand-over; `same`: a value equals the state) and what holds after. */
const CUSTODY = {
  offered: {
    same: FROM,
    free: true,
    after: (now, v) => ({ ...now, handOver: uuidIn(v, "hand_over"), receiver: uuidIn(v, "to") }),
  },
  received: { same: [...HAND_OVER, ...FROM, ["to", "receiver"]], after: passedOn },
  refused: { same: HAND_OVER, after: settled },
  withdrawn: { same: HAND_OVER, after: settled },
  moved: { same: FROM, free: true, after: passedOn },
  sealed: {
    same: [],
    after: (now, v) => {
      if (now.seal && (!Object.hasOwn(v, "replaces") || v.replaces !== now.seal)) {
        throw new Refused("custody-seal", "another seal is on it");
      }
      return { ...now, seal: uuidIn(v, "seal") };
    },
  },
  opened: { same: [["seal", "seal"]], after: (now) => ({ ...now, seal: "" }) },
  consumed: { same: FROM, free: true, after: ended },
  returned: { same: FROM, free: true, after: (now, v) => ({ ...now, custodian: uuidIn(v, "to"), final: true }) },
  disposed: { same: FROM, free: true, after: ended },
  reassigned: { same: FROM, after: passedOn },
  stated_earlier: { same: [], after: (now) => now },
  back_entered: { same: FROM, free: true, after: passedOn },
};

/** The state after one more custody entry; throws `Refused` with the reason when it cannot follow. */
function custodyStep(now, verb, values) {
  if (verb === "created") {
    if (now) throw new Refused("custody-created-twice", verb);
    const seal = Object.hasOwn(values, "seal") ? () => uuidIn(values, "seal") : () => "";
    return { custodian: uuidIn(values, "custodian"), seal: seal(), handOver: "", receiver: "", final: false };
  }
  if (!Object.hasOwn(CUSTODY, verb)) throw new Refused("custody-verb-unknown", verb);
  if (!now) throw new Refused("custody-not-created", verb);
  if (now.final && verb !== "stated_earlier") throw new Refused("custody-ended", verb);
  const rule = CUSTODY[verb];
  if (rule.free && now.handOver) throw new Refused("custody-offered", verb);
  for (const [name, state] of rule.same) {
    if (uuidIn(values, name) !== now[state]) throw new Refused(NOT_SAME[state], `${verb}: ${name}`);
  }
  return rule.after(now, values);
}

/** The head of every stream seen. */
class Streams {
  constructor() {
    this.heads = new Map();
  }

  /** Take the next entry of its stream; returns [step, reason, detail] for whatever does not follow. */
  follow(entry, digest) {
    const key = `${entry.stream.kind}/${entry.stream.id}`;
    const head = this.heads.get(key);
    const faults = this.links(head, entry);
    let custody = head ? head.custody : null;
    if (entry.schema === ITEM_SCHEMA) {
      try {
        const item = Object.hasOwn(entry.values, "item") ? entry.values.item : entry.stream.id;
        if (entry.stream.kind !== "item" || item !== entry.stream.id) throw new Refused("custody-stream", key);
        custody = custodyStep(custody, entry.verb, entry.values);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        faults.push(["custody", error.reason, error.message]);
      }
    }
    this.heads.set(key, { digest, recorded: entry.recorded_at, sequence: entry.sequence, custody });
    return faults;
  }

  links(head, entry) {
    if (!head) return entry.sequence === 1 ? [] : [["streams", "sequence-gap", `starts with ${entry.sequence}`]];
    const faults = [];
    if (entry.sequence !== head.sequence + 1) {
      const reason = entry.sequence <= head.sequence ? "sequence-repeated" : "sequence-gap";
      faults.push(["streams", reason, `${entry.sequence} follows ${head.sequence}`]);
    }
    if (entry.previous !== head.digest) faults.push(["streams", "link-broken", `entry ${head.sequence}`]);
    if (entry.recorded_at < head.recorded) faults.push(["streams", "recorded-backwards", entry.recorded_at]);
    return faults;
  }
}
