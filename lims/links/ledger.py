"""Payload schemas links write to the ledger. Names are never changed once written.

`links.link` stands in the stream of the link and names neither case nor seizure. `links.case` stands in the stream of a
case and names that case's own seizure alone; both entries of an act carry the act's UUID.
"""

from chain_of_custody.schemas import declare, fields

SEARCH = declare("links.search/1", verbs={"ordered", "finished", "failed", "cancelled"})
_FOUND = fields("number search method method_version rule rule_sha256 taxon panel loci evidence", optional="basis")
_WORD = fields("number", committed="note")
_SIDE = fields("number side", committed="note")
LINK = declare(
    "links.link/1",
    verbs={
        "proposed": _FOUND,
        "not_found": _FOUND,
        "confirmed": _WORD,
        "rejected": _WORD,
        "merged": _WORD,
        "separated": _WORD,
        "released": _SIDE,
        "release_withdrawn": _SIDE,
    },
)
_OWN = fields("link number seizure")
CASE = declare(
    "links.case/1",
    verbs=dict.fromkeys(("confirmed", "rejected", "merged", "separated", "released", "release_withdrawn"), _OWN),
)
