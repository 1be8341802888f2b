"""The payloads of custody itself.

`custody.item/1` stands in the stream of each item touched (stream kind "item"), one entry per item and act, also for
every item inside a container that goes somewhere. `core.custody` replays them to know the custodian at any entry:

created        custodian (from)     the first custodian
stated_earlier                      nothing changes: stated, not witnessed, custody before ours
offered        from to hand_over    nothing changes until the receiver's half
received       from to hand_over    custodian becomes `to`
refused, withdrawn   hand_over      nothing changes: the offer is over
moved          from to              custodian becomes `to` (equal to `from` inside one custodian's keeping)
sealed, opened seal                 the seal in force begins, ends
consumed       from                 final: nothing is left
returned       from to              custodian becomes `to`; final
disposed       from                 final
reassigned     from to              custodian becomes `to`, by order, after an inventory by two persons
back_entered   from to              custodian becomes `to`, from a paper form, at the claimed time

`item`, `from`, `to`, `hand_over`, `container`, `seal`, `file` and `carried_in` (the container an item went along in)
are UUIDs; the parties' names as shown at the time are committed as `from.name` and `to.name`. Dates are text.
"""

from uuid import UUID

from chain_of_custody.schemas import Fields, declare, fields

ITEM = "custody.item/1"
PARTY = "custody.party/1"
COMMITMENT = "custody.commitment/1"
LOG = "custody.log/1"

ITEM_STREAM = "item"
PARTY_STREAM = "party"
LOG_STREAM = "log"
LOG_STREAM_ID = UUID("6f1d1b52-3b0e-5c1a-8f57-5d0c1a9e0c03")
"""The one stream in which the log writes about itself."""

_PERMIT = "permit_number permit_country permit_purpose permit_source"
_SIGNED = "signed_by signature_file signature_sha256"
_NAMES = "from.name to.name"


def _transfer(required: str = "", *, optional: str = "", committed: str = "") -> Fields:
    return fields(f"item from to {required}", optional=f"carried_in {optional}", committed=f"{_NAMES} {committed}")


ITEM_VERBS = {
    "created": fields(
        "item kind reference custodian",
        optional=f"from scan_code container position seal seal_number seal_state {_SIGNED}",
        committed="condition from.name custodian.name",
    ),
    "stated_earlier": fields("item since until", optional="file sha256", committed="holder statement"),
    "offered": _transfer(
        "hand_over purpose",
        optional=f"left_container seal seal_number crosses_border {_PERMIT} {_SIGNED}",
        committed="note transport",
    ),
    "received": _transfer(
        "hand_over purpose", optional=f"seal seal_number seal_state {_SIGNED}", committed="condition"
    ),
    "refused": _transfer("hand_over", optional=_SIGNED),
    "withdrawn": _transfer("hand_over", optional=_SIGNED),
    "moved": _transfer(optional="container position left_container"),
    "sealed": fields("item from seal seal_number", committed="from.name"),
    "opened": fields("item from seal seal_number seal_state", committed="from.name condition"),
    "consumed": fields("item from", optional="left_container", committed="from.name authority note"),
    "returned": _transfer(optional=f"left_container {_SIGNED}", committed="authority receipt"),
    "disposed": fields(
        "item from method witness",
        optional="carried_in left_container file sha256",
        committed="from.name authority witness.name",
    ),
    "reassigned": _transfer(
        "inventory_by", optional="hand_over left_container", committed="authority inventory_by.names"
    ),
    "back_entered": _transfer("purpose file sha256", optional="left_container"),
}

PARTY_VERBS = {
    "created": fields("kind", optional="organisation country signs_in", committed="name document"),
    "account_changed": fields("signs_in"),
    "deactivated": fields(),
    "reactivated": fields(),
    "forgotten": fields("commitments accounts access_lines", committed="authority"),
}

COMMITMENT_VERBS = {"erased": fields("entry field", committed="authority")}

LOG_VERBS = {
    "key_rotated": fields("origin old_key new_key statement", committed="decided_by"),
    "origin_begun": fields(
        "origin key lost_origin lost_size lost_root lost_checkpoint left_size left_root", committed="decided_by"
    ),
}


def declare_all() -> None:
    """Make custody's schemas known; called once by the application's start."""
    declare(ITEM, ITEM_VERBS)
    declare(PARTY, PARTY_VERBS)
    declare(COMMITMENT, COMMITMENT_VERBS)
    declare(LOG, LOG_VERBS)
