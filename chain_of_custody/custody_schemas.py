"""The payloads of custody itself.

`custody.item/1` stands in the stream of each item touched (stream kind "item"), one entry per item and act, also for
every item inside a container that moves. A verifier replays them to know the custodian at any entry:

created        custodian            the first custodian
stated_earlier                      nothing changes: stated, not witnessed, custody before ours
offered        from to hand_over    nothing changes until the receiver's half
received       from to hand_over    custodian becomes `to`
refused, withdrawn   hand_over      nothing changes: the offer is over
moved          from to              custodian becomes `to` (equal to `from` inside one custodian's keeping)
sealed, opened seal state           the seal in force begins, ends
consumed, disposed                  final
returned       from to              custodian becomes `to`; final
reassigned     from to              custodian becomes `to`, by order, after an inventory by two persons
back_entered   from to              custodian becomes `to`, from a paper form, at the claimed time

`item`, `from`, `to`, `custodian`, `hand_over`, `container`, `seal` are UUIDs. `carried_in` names the container an item
went along in. Dates and decimals are text.
"""

from chain_of_custody.schemas import declare, fields

ITEM = "custody.item/1"
PARTY = "custody.party/1"
COMMITMENT = "custody.commitment/1"

ITEM_STREAM = "item"
PARTY_STREAM = "party"

_PERMIT = "permit_number permit_country permit_purpose permit_source"
_SIGNATURE = "signed_by signature_file signature_sha256"

ITEM_VERBS = {
    "created": fields(
        "item kind reference custodian",
        optional="scan_code container position seal seal_number seal_state",
        committed="condition",
    ),
    "stated_earlier": fields("item", optional="since until file sha256", committed="holder statement"),
    "offered": fields(
        "item from to hand_over purpose",
        optional=f"carried_in seal seal_number crosses_border {_PERMIT} {_SIGNATURE}",
        committed="note transport",
    ),
    "received": fields(
        "item from to hand_over purpose",
        optional=f"carried_in seal seal_number seal_state {_SIGNATURE}",
        committed="condition note",
    ),
    "refused": fields("item from to hand_over", optional=f"carried_in {_SIGNATURE}"),
    "withdrawn": fields("item from to hand_over", optional=f"carried_in {_SIGNATURE}"),
    "moved": fields("item from to", optional="container position left_container carried_in"),
    "sealed": fields("item seal seal_number", optional="replaces"),
    "opened": fields("item seal seal_number seal_state", committed="condition"),
    "consumed": fields("item from", optional="authority", committed="note"),
    "returned": fields(
        "item from to", optional=f"carried_in authority_kind {_SIGNATURE}", committed="authority receipt"
    ),
    "disposed": fields(
        "item from method", optional="carried_in witness file sha256", committed="authority witness_name"
    ),
    "reassigned": fields("item from to inventory_by", optional="carried_in", committed="authority"),
    "back_entered": fields("item from to file sha256", optional="carried_in purpose"),
}

PARTY_VERBS = {
    "created": fields("kind", optional="organisation", committed="name document"),
    "deactivated": fields(),
    "reactivated": fields(),
    "erased": fields(committed="authority"),
}

COMMITMENT_VERBS = {"erased": fields("entry field", committed="authority")}


def declare_all() -> None:
    """Make custody's schemas known; called once by the application's start."""
    declare(ITEM, ITEM_VERBS)
    declare(PARTY, PARTY_VERBS)
    declare(COMMITMENT, COMMITMENT_VERBS)
