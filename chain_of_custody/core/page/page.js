// The page: choose or drop a file, see the verdict.

const element = (id) => document.getElementById(id);
let language = 0;
let shown = null;

const text = (name) => TEXTS[name][language];
const inLanguage = (table, name) => (Object.hasOwn(table, name) ? table[name][language] : name);
const capital = (word) => word[0].toUpperCase() + word.slice(1);

function make(tag, content, name) {
  const node = document.createElement(tag);
  if (content) node.textContent = content;
  if (name) node.className = name;
  return node;
}

function speak(index) {
  language = index;
  document.documentElement.lang = LANGUAGES[index];
  document.title = text("title");
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
  if (shown) show(shown);
}

/** Signs that move, hide or turn others round are written as \u202e, so that a name cannot pose as something else. */
const printable = (told) =>
  told.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (sign) => `\\u${sign.codePointAt(0).toString(16).padStart(4, "0")}`);

const place = (where) => Object.entries(where).map(([name, value]) => `${name} ${value}`).join(", ");

function stepItem(step) {
  const item = make("li");
  item.append(make("span", text(`step${capital(step.status)}`), `status ${step.status}`), " · ");
  item.append(inLanguage(STEP_NAMES, step.name), step.detail ? ": " : "", make("code", printable(step.detail)));
  const list = make("ul");
  for (const { reason, where, detail } of step.findings) {
    const line = make("li", `${inLanguage(REASONS, reason)} `);
    line.append(make("code", printable([reason, place(where), detail].filter(Boolean).join(" · "))));
    list.append(line);
  }
  if (step.count > step.findings.length) list.append(make("li", `+ ${step.count - step.findings.length} ${text("more")}`));
  if (list.childElementCount) item.append(list);
  return item;
}

function show(result) {
  shown = result;
  const { report, name } = result;
  element("verdict").textContent = text(report.verdict);
  element("verdict").className = report.verdict;
  element("name").textContent = printable(name);
  element("steps").replaceChildren(...report.steps.map(stepItem));
  const facts = Object.entries(report.facts).flatMap(([key, value]) => [make("dt", inLanguage(FACT_NAMES, key)), make("dd", printable(String(value)))]);
  element("facts").replaceChildren(...facts);
  element("result").hidden = false;
}

/** A sentence the form can show. */
class Problem extends Error {}

/** A key for packs alone, where its name does not say so. */
const PACK_LINE = /^pack:\s*(\S+)$/;

function keysGiven() {
  const lines = element("keys").value.split("\n").map((line) => line.trim()).filter(Boolean);
  const given = { pinned: [], packs: [] };
  for (const line of lines) {
    const forPacks = PACK_LINE.exec(line);
    try {
      given[forPacks ? "packs" : "pinned"].push(keyParse(forPacks ? forPacks[1] : line));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw new Problem(text("badKey") + line);
    }
  }
  return given;
}

async function outsideGiven(pinned) {
  const [file] = element("checkpoint").files;
  if (!file) return null;
  try {
    return await keptOpen(new Uint8Array(await file.slice(0, NOTE_LIMIT + 1).arrayBuffer()), pinned);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Problem(text("badCheckpoint"));
  }
}

const breathe = () => new Promise((resolve) => setTimeout(resolve));

async function verify(file) {
  if (!file) throw new Problem(text("noFile"));
  const { pinned, packs } = keysGiven();
  const outside = await outsideGiven(pinned);
  const progress = async (what) => {
    element("progress").textContent = `${text("working")} ${what}`;
    await breathe();
  };
  await progress("");
  try {
    return { name: file.name, report: await verifyFile(file, { pinned, packs, outside, progress }) };
  } catch (error) {
    if (error instanceof DOMException) throw new Problem(text("unreadable"));
    throw error;
  }
}

async function run(file) {
  element("problem").textContent = "";
  element("result").hidden = true;
  element("verify").disabled = true;
  try {
    show(await verify(file));
    element("result").focus();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    element("problem").textContent = error.message;
  } finally {
    element("progress").textContent = "";
    element("verify").disabled = false;
  }
}

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  run(element("file").files[0]);
});
element("language").addEventListener("change", (event) => speak(event.target.selectedIndex));
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", kind === "dragover");
    if (kind !== "drop" || !event.dataTransfer.files.length) return;
    element("file").files = event.dataTransfer.files;
    run(event.dataTransfer.files[0]);
  });
}

const wanted = LANGUAGES.indexOf((navigator.language || "en").slice(0, 2));
element("language").selectedIndex = Math.max(wanted, 0);
speak(Math.max(wanted, 0));

// For whoever wants to drive the page from a program: the same functions it uses itself.
globalThis.spoor = { verifyFile, keyParse, checkpointOpen: keptOpen, noteOpen, sha256, sha512, hex, ed25519, ed25519Own, TEXTS, STEP_NAMES, FACT_NAMES, REASONS };
