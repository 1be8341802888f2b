"""Changing who this laboratory is. Old and new values stay in the ledger's settings stream."""

import re
from dataclasses import dataclass
from functools import partial
from uuid import UUID
from zoneinfo import available_timezones

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.ledger import LABORATORY
from lims.casework.models import Case, Laboratory
from lims.casework.selectors.laboratory import KEY, LaboratoryIdentity, laboratory_of
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation, StaleVersion

SETTINGS_STREAM = UUID("5b1ef39c-6e4f-5c40-9d0e-2a0c6a1f0a03")
_CODE = re.compile(r"[A-Z][A-Z0-9]{0,7}")  # what `labels.reference` reads back


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryFacts:
    """What an administrator states; `address` has one line of the address on each line."""

    name: str
    code: str
    zone: str
    address: str = ""
    accreditation: str = ""


def laboratory_change(*, actor: Actor, version: int, facts: LaboratoryFacts) -> LaboratoryIdentity:
    """State name, address, code, zone and accreditation; what stood there before stays in the ledger.

    The code begins every reference: once a case has its number, it stays, or labels and reports would name cases that
    nobody finds.

    Raises:
        NotAllowed: without `settings.manage`.
        BadInput: no name, a code of another form, a zone that is not an IANA name.
        RuleViolation: another code after the first case got its number.
        StaleVersion: somebody else changed it since.
    """
    require(actor, "settings.manage")
    facts = _clean(facts)
    with transaction.atomic():
        row = _locked()
        old = laboratory_of(row)
        if row.version != version:
            message = _("The laboratory's settings were changed meanwhile. Look at them again.")
            raise StaleVersion(message, field="version", found=version)
        _code_check(old.code, facts.code)
        for name in ("name", "address", "code", "zone", "accreditation"):
            setattr(row, name, getattr(facts, name))
        row.stated, row.version = True, row.version + 1
        row.save()
        new = laboratory_of(row)
        if changed := _changed(old, new):
            stream = StreamKey(kind="settings", id=SETTINGS_STREAM)
            draft = EntryDraft(stream=stream, schema=LABORATORY, verb="changed", values=changed)
            act_append(actor=actor, drafts=[draft])
        cache.delete(KEY)
        transaction.on_commit(partial(cache.delete, KEY))
    return new


def laboratory_code_locked() -> str:
    """The code for a new case's reference; held under lock until the case is written, so that none changes between."""
    return laboratory_of(_locked()).code


def _locked() -> Laboratory:
    return Laboratory.objects.select_for_update(no_key=True).get(pk=1)


def _clean(facts: LaboratoryFacts) -> LaboratoryFacts:
    code = facts.code.strip().upper()
    if not _CODE.fullmatch(code):
        raise BadInput(
            _("«%(code)s» cannot begin a reference: a letter, then at most seven letters or digits, such as WF.")
            % {"code": code},
            code="bad-code",
            field="code",
            found=code,
        )
    if facts.zone not in available_timezones():
        raise BadInput(
            _("«%(zone)s» is not a time zone. Give its IANA name, such as Africa/Nairobi.") % {"zone": facts.zone},
            code="unknown-zone",
            field="zone",
            found=facts.zone,
        )
    lines = (line.strip() for line in text_clean(facts.address, field="address", limit=1000).splitlines())
    return LaboratoryFacts(
        name=text_clean(facts.name, field="name", required=True, limit=200),
        address="\n".join(line for line in lines if line),
        code=code,
        zone=facts.zone,
        accreditation=text_clean(facts.accreditation, field="accreditation", limit=300),
    )


def _code_check(old: str, new: str) -> None:
    if new != old and Case.objects.exists():
        raise RuleViolation(
            _("The code %(code)s stands in the numbers of cases already given out, on labels and in reports. It stays.")
            % {"code": old},
            code="code-in-use",
            field="code",
            found=new,
        )


def _changed(old: LaboratoryIdentity, new: LaboratoryIdentity) -> dict[str, Json]:
    pairs: dict[str, tuple[str, str]] = {
        "name": (old.name, new.name),
        "address": ("\n".join(old.address), "\n".join(new.address)),
        "code": (old.code, new.code),
        "zone": (old.zone, new.zone),
        "accreditation": (old.accreditation, new.accreditation),
    }
    return {name: {"old": was, "new": now} for name, (was, now) in pairs.items() if was != now}
