// Findings, collected while a file is read and numbered at the end.

const PASSED = "passed";
const INDETERMINATE = "indeterminate";
const FAILED = "failed";
const SHOWN = 5;

function worst(statuses) {
  if (statuses.includes(FAILED)) return FAILED;
  return statuses.includes(INDETERMINATE) ? INDETERMINATE : PASSED;
}

class Steps {
  constructor() {
    this.steps = new Map();
  }

  begin(...names) {
    for (const name of names) if (!this.steps.has(name)) this.steps.set(name, { findings: [], count: 0, detail: null });
  }

  done(name, detail) {
    this.begin(name);
    this.steps.get(name).detail = detail;
  }

  fail(name, reason, where = {}, detail = "") {
    this.add(name, { status: FAILED, reason, where, detail });
  }

  doubt(name, reason, where = {}, detail = "") {
    this.add(name, { status: INDETERMINATE, reason, where, detail });
  }

  failed(name) {
    return this.steps.get(name).findings.some((finding) => finding.status === FAILED);
  }

  add(name, finding) {
    this.begin(name);
    const step = this.steps.get(name);
    step.count += 1;
    if (step.findings.length < SHOWN) step.findings.push(finding);
  }

  /** All steps; one that was never reached is in doubt. */
  numbered() {
    return [...this.steps].map(([name, step], index) => {
      const lost = step.detail === null && !step.findings.length;
      const missing = { status: INDETERMINATE, reason: "not-reached", where: {}, detail: "" };
      const findings = lost ? [missing] : step.findings;
      const status = worst(findings.map((finding) => finding.status));
      const count = Math.max(step.count, findings.length);
      return { number: index + 1, name, status, detail: step.detail || "", findings, count };
    });
  }
}
