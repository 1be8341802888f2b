// RFC 8785 JSON in the ledger's profile: no floating point, integers below 2^53, at most 64 levels.

/** What a file of a laboratory may not be: carries the reason, the place and a step where one is to blame. */
class Refused extends Error {
  constructor(reason, message, where = {}) {
    super(message);
    this.reason = reason;
    this.where = where;
  }
}

const DEPTH = 64;
const LONE = /\p{Surrogate}/u;

function canonicalText(value, depth = 0) {
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Refused("not-canonical", "a number that is no small integer");
    return String(value);
  }
  if (typeof value === "string") {
    if (LONE.test(value)) throw new Refused("not-canonical", "a lone surrogate");
    return JSON.stringify(value);
  }
  if (depth >= DEPTH) throw new Refused("not-canonical", "nested too deep");
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, depth + 1)).join(",")}]`;
  // Array.prototype.sort compares UTF-16 code units, as RFC 8785 section 3.2.3 demands.
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${canonicalText(key)}:${canonicalText(value[key], depth + 1)}`).join(",")}}`;
}

/** The value of canonical JSON; throws `Refused` when writing it again does not give the same text. */
function canonicalParse(bytes) {
  const text = textOf(bytes);
  if (text === null) throw new Refused("not-canonical", "not UTF-8");
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refused("not-canonical", String(error.message));
  }
  if (canonicalText(value) !== text) throw new Refused("not-canonical", "not in canonical form");
  return value;
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function hasKeys(value, keys) {
  return isObject(value) && Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}
