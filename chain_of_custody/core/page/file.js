// A file of any of the three kinds, told apart by its first bytes.

const KINDS = {
  pack: (steps, file, options) => [new PackVerifier(steps, options), file],
  export: (steps, file, options) => [new ExportVerifier(steps, { ...options, packs: null }), new Section(file, 0, file.size)],
  proof: (steps, file, options) => [new ProofVerifier(steps, options), file],
};

async function kindOf(file) {
  const start = new Uint8Array(await file.slice(0, PROOF_START.length).arrayBuffer());
  if (startsWith(start, PROOF_START)) return "proof";
  return start[0] === 0x50 && start[1] === 0x4b ? "pack" : "export";
}

/** Verify a pack, an export or a proof; `options`: pinned and pack keys, a checkpoint kept outside, progress. */
async function verifyFile(file, options = {}) {
  const steps = new Steps();
  const kind = await kindOf(file);
  const [verifier, source] = KINDS[kind](steps, file, options);
  await verifier.run(source);
  const numbered = steps.numbered();
  const verdict = worst(numbered.map((step) => step.status));
  const reasons = [...new Set(numbered.flatMap((step) => step.findings.map((finding) => finding.reason)))];
  return { kind, verdict, reasons, facts: verifier.facts, steps: numbered };
}
