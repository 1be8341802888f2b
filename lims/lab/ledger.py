"""Payload schemas the laboratory's work writes to the ledger. Names are never changed once written."""

from chain_of_custody.schemas import declare

REQUEST = declare("lab.request/1", verbs={"submitted", "accepted", "declined", "reported"})
BATCH = declare(
    "lab.batch/1",
    verbs={"opened", "joined", "control_read", "control_sequenced", "blocked", "disposed", "released"},
)
REFERENCE = declare(
    "lab.reference/1",
    verbs={
        *("drafted", "built", "not_built", "proposed", "approved", "retired", "curated"),
        *("restricted", "opened", "granted", "grant_ended"),
    },
)
RUN = declare("lab.run/1", verbs={"queued", "started", "finished", "failed", "cancelled"})
FINDING = declare("lab.finding/1", verbs={"recorded", "replaced"})
REPORT = declare(
    "lab.report/1",
    verbs={
        "drafted",
        "changed",
        "submitted",
        "sent_back",
        "agreed",
        "signed",
        "replaced",
        "withdrawn",
        "disagreed",
        "answered",
    },
)
LAW = declare("lab.law/1", verbs={"proposed", "imported", "failed", "cancelled", "approved", "retired"})
DRIFT = declare("lab.drift/1", verbs={"queued", "finished", "failed", "cancelled", "would_change", "decided"})
EDIT = declare("lab.edit/1", verbs={"proposed", "agreed", "refused", "withdrawn", "layered"})
PROFILE = declare("lab.profile/1", verbs={"entered", "superseded"})
STAFF = declare("lab.staff_sequence/1", verbs={"added", "withdrawn"})
FETCH = declare("lab.record_fetch/1", verbs={"queued", "resumed", "finished", "failed", "cancelled"})
