"""Entries of the ledger as sentences: who did what to an item, for timelines."""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from django.utils.translation import gettext as _

from chain_of_custody.enums import DisposalMethod, Purpose, SealState
from chain_of_custody.selectors import HistoryRow
from lims.casework.enums import LiveEventKind
from lims.web.parts import Event
from lims.web.writing import hash_text, quantity_text

Kind = Literal["", "now", "seal", "transit", "gap"]
_KINDS: dict[str, Kind] = {"offered": "transit", "sealed": "seal", "opened": "seal", "stated_earlier": "gap"}
PLACES = ("container", "left_container", "carried_in")


def timeline(rows: Sequence[HistoryRow], names: Mapping[UUID, str]) -> list[Event]:
    """Events, newest first. `names` gives the references of the containers and items that entries mention."""
    newest = rows[-1].sequence if rows else 0
    return [event_of(row, names, now=row.sequence == newest) for row in reversed(rows)]


def mentioned(rows: Sequence[HistoryRow]) -> set[UUID]:
    """The items that entries mention by UUID: containers, children, parents."""
    found: set[UUID] = set()
    for row in rows:
        for key in (*PLACES, "child"):
            value = row.values.get(key)
            if isinstance(value, str) and value:
                found.add(UUID(value))
        parents = row.values.get("parents")
        if isinstance(parents, list):
            found |= {UUID(str(one["item"])) for one in parents if isinstance(one, dict)}
    return found


def event_of(row: HistoryRow, names: Mapping[UUID, str], *, now: bool = False) -> Event:
    """One entry as an event of a timeline."""
    area = row.schema.split("/")[0]
    kind = _KINDS.get(row.verb, "") if area == "custody.item" else ""
    return Event(
        title=act_words(row, names),
        at=row.happened_at,
        detail=" · ".join(part for part in _details(row, names) if part),
        record=_record(row),
        kind="now" if now and kind != "seal" else kind,
    )


def _record(row: HistoryRow) -> str:
    shown = hash_text(row.hash)
    if row.index is None:
        return _("waits for the signed ledger · %(hash)s") % {"hash": shown}
    return _("act %(number)s · %(hash)s") % {"number": row.index + 1, "hash": shown}


def act_words(row: HistoryRow, names: Mapping[UUID, str]) -> str:
    """The sentence of an entry; the bare verb for one this page does not know."""
    area = row.schema.split("/")[0]
    words = {
        "custody.item": _custody_words,
        "casework.sample": _sample_words,
        "casework.exhibit": _exhibit_words,
        "casework.label": _label_words,
    }.get(area)
    sentence = words(row, names) if words else _other_words(row)
    return sentence or f"{area.rpartition('.')[2]}: {row.verb.replace('_', ' ')}"


def _shown(row: HistoryRow, name: str) -> str:
    value = row.shown.get(name)
    if value is None or isinstance(value, dict | list):
        return _("(withheld)") if name in row.erased else ""
    return str(value)


def _text(row: HistoryRow, name: str) -> str:
    value = row.values.get(name)
    return "" if value is None else str(value)


def _custody_words(row: HistoryRow, names: Mapping[UUID, str]) -> str:
    values = {
        "who": row.actor_name,
        "from": _shown(row, "from.name"),
        "to": _shown(row, "to.name"),
        "first": _shown(row, "custodian.name"),
        "holder": _shown(row, "holder"),
        "seal": _text(row, "seal_number"),
        "how": _choice(DisposalMethod.choices, _text(row, "method")).lower(),
    }
    if row.verb == "moved" and _text(row, "container"):
        place = names.get(UUID(_text(row, "container")), "")
        if _text(row, "position"):
            return _("Put into %(box)s, position %(at)s") % {"box": place, "at": _text(row, "position")}
        return _("Put into %(box)s") % {"box": place}
    sentences = {
        "created": _("Taken into custody by %(first)s"),
        "offered": _("Released by %(from)s to %(to)s, waiting for the receiver"),
        "received": _("Received by %(to)s from %(from)s"),
        "refused": _("Refused by %(to)s; it stays with %(from)s"),
        "withdrawn": _("Hand-over to %(to)s withdrawn by %(from)s"),
        "moved": _("Moved from %(from)s to %(to)s"),
        "sealed": _("Sealed with %(seal)s by %(who)s"),
        "opened": _("Seal %(seal)s opened by %(who)s"),
        "consumed": _("Consumed by %(who)s"),
        "returned": _("Returned to %(to)s"),
        "disposed": _("Disposed of: %(how)s"),
        "reassigned": _("Reassigned by order from %(from)s to %(to)s"),
        "stated_earlier": _("Stated, not witnessed: held by %(holder)s"),
        "back_entered": _("From a paper form: passed from %(from)s to %(to)s"),
    }
    sentence = sentences.get(row.verb, "")
    return sentence % values if sentence else ""


def _sample_words(row: HistoryRow, names: Mapping[UUID, str]) -> str:
    amount = quantity_text(_text(row, "amount"), _text(row, "unit"))
    if row.verb == "taken":
        parents = row.values.get("parents")
        made = [one for one in parents if isinstance(one, dict)] if isinstance(parents, list) else []
        origin = ", ".join(names.get(UUID(str(one["item"])), "") for one in made)
        return _("Made from %(parents)s") % {"parents": origin}
    if row.verb == "gave":
        child = names.get(UUID(_text(row, "child")), "")
        return _("%(amount)s taken for %(child)s") % {"amount": amount, "child": child}
    if row.verb == "reweighed":
        after = quantity_text(_text(row, "after"), _text(row, "unit"))
        return _("Weighed: %(after)s") % {"after": after}
    if row.verb == "used":
        return _("%(amount)s used") % {"amount": amount}
    return ""


def _exhibit_words(row: HistoryRow, names: Mapping[UUID, str]) -> str:
    if row.verb == "registered":
        return _("Registered as an exhibit")
    if row.verb == "corrected":
        return _("Record corrected")
    if row.verb == "component_added":
        return _("Component %(label)s named") % {"label": _text(row, "label")}
    if row.verb == "live_event":
        what = _choice(LiveEventKind.choices, _text(row, "kind"))
        return _("%(what)s: %(count)s; %(alive)s alive") % {
            "what": what,
            "count": _text(row, "count"),
            "alive": _text(row, "alive"),
        }
    return ""


def _label_words(row: HistoryRow, names: Mapping[UUID, str]) -> str:
    if row.verb == "printed":
        return _("Label printed (copy %(copy)s)") % {"copy": _text(row, "copy")}
    if row.verb == "voided":
        return _("New code %(code)s; the former label is void") % {"code": _text(row, "code")}
    return ""


def _other_words(row: HistoryRow) -> str:
    if row.schema.startswith("casework.sampling"):
        return _("Sampling plan drawn: %(count)s unsampled") % {"count": _text(row, "unsampled_count")}
    if row.schema.startswith("casework.container"):
        return _("Registered as a container")
    return ""


def _details(row: HistoryRow, names: Mapping[UUID, str]) -> list[str]:
    parts: list[str] = []
    if _text(row, "seal_state") and row.verb in {"received", "opened", "created"}:
        state = _choice(SealState.choices, _text(row, "seal_state")).lower()
        parts.append(_("seal %(number)s found %(state)s") % {"number": _text(row, "seal_number"), "state": state})
    elif row.verb in {"offered", "created"} and _text(row, "seal_number"):
        parts.append(_("under seal %(number)s") % {"number": _text(row, "seal_number")})
    if _text(row, "purpose") and row.schema.startswith("custody"):
        parts.append(_("purpose: %(purpose)s") % {"purpose": _choice(Purpose.choices, _text(row, "purpose")).lower()})
    if _text(row, "left_container"):
        parts.append(_("left %(box)s") % {"box": names.get(UUID(_text(row, "left_container")), "")})
    if _text(row, "carried_in"):
        parts.append(_("inside %(box)s") % {"box": names.get(UUID(_text(row, "carried_in")), "")})
    if _text(row, "waste") not in {"", "0"}:
        parts.append(_("waste %(amount)s") % {"amount": quantity_text(_text(row, "waste"), _text(row, "unit"))})
    parts += _committed(row)
    return parts


_COMMITTED = ("reason", "condition", "note", "statement", "authority", "description", "receipt", "position_on_item")


def _committed(row: HistoryRow) -> list[str]:
    parts = [str(row.shown[name]) for name in _COMMITTED if isinstance(row.shown.get(name), str) and row.shown[name]]
    parts += [_text(row, "method")] if row.schema.startswith("casework.sample") else []
    if row.actor_name and row.actor_name not in act_words(row, {}):
        parts.append(_("recorded by %(name)s") % {"name": row.actor_name})
    late = (row.recorded_at - row.happened_at).total_seconds() > 300
    return [*parts, _("entered later")] if late else parts


def _choice(choices: Sequence[tuple[str, object]], value: str) -> str:
    return str(dict(choices).get(value, value))
