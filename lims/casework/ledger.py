"""Payload schemas casework writes to the ledger. Names are never changed once written."""

from chain_of_custody.schemas import declare

CASE = declare(
    "casework.case/1",
    verbs={
        "opened",
        "changed",
        "closed",
        "reopened",
        "assigned",
        "unassigned",
        "referenced",
        "held",
        "released",
    },
)
SEIZURE = declare("casework.seizure/1", verbs={"recorded", "corrected"})
EXHIBIT = declare(
    "casework.exhibit/1", verbs={"registered", "corrected", "component_added", "live_event", "referenced"}
)
SAMPLE = declare("casework.sample/1", verbs={"taken", "gave", "reweighed", "used", "corrected"})
CONTAINER = declare("casework.container/1", verbs={"registered"})
LOCATION = declare("casework.location/1", verbs={"registered"})
INTAKE = declare("casework.intake/1", verbs={"received", "itemised", "completed", "photographed"})
DISCREPANCY = declare("casework.discrepancy/1", verbs={"recorded", "countersigned", "explained"})
SAMPLING = declare("casework.sampling/1", verbs={"drawn"})
LABEL = declare("casework.label/1", verbs={"issued", "printed", "voided", "bound"})
LABORATORY = declare("casework.laboratory/1", verbs={"changed"})
SUBMISSION = declare("casework.submission/1", verbs={"submitted", "received", "withdrawn"})
