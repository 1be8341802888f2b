"""The one resolver: a scan code, our label's address, a reference, a case number or a registered foreign barcode."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from chain_of_custody.models import Item, Party
from labels.errors import LabelError
from labels.payload import payload_parse
from labels.reference import reference_check
from lims.accounts.actors import Actor
from lims.casework.enums import LabelState
from lims.casework.models import Case, ExternalReference, Label, SubmissionLine
from lims.casework.selectors.access import visible
from lims.casework.selectors.cases import item_visible
from lims.casework.selectors.laboratory import laboratory_kept
from lims.common.errors import BadInput, NotFound

_OWN_BOX = re.compile(r"C-\d{6,}")  # the laboratory's own boxes and plates belong to no case
_ITEM_PATHS = (
    "custodian",
    "container",
    "sealed_by",
    "quantity",
    "exhibit__case__agency",
    "sample__case__agency",
    "sample__exhibit",
    "container_of__case__agency",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a scan or a typed name means: exactly one of the four is set."""

    item: Item | None = None
    party: Party | None = None
    case: Case | None = None
    announced: SubmissionLine | None = None
    code: str = ""


def resolve(*, actor: Actor, text: str) -> Resolved:
    """The thing that `text` names.

    Laboratory staff are told why a code is refused (unknown, void, of another laboratory, a sign that does not fit);
    everybody else gets one identical answer for all that they may not see.

    Raises:
        BadInput: not readable as any of our names (laboratory staff only).
        NotFound: nothing has this name, or the actor may not see it.
    """
    entered = text.strip()
    try:
        return _resolve(actor, entered)
    except (BadInput, LabelError) as error:
        if not actor.in_laboratory:
            raise _nothing(entered) from error
        if isinstance(error, LabelError):
            raise BadInput(str(error), code=_label_code(error), field="code", found=entered[:120]) from error
        raise


def _resolve(actor: Actor, entered: str) -> Resolved:
    if not entered:
        raise BadInput(_("Scan or type a code."), code="required", field="code")
    for attempt in (_by_external, _by_reference):
        found = attempt(actor, entered)
        if found is not None:
            return found
    return _by_code(actor, payload_parse(entered, public_host()))


def public_host() -> str:
    """The host our labels carry, with its port where one is part of the address."""
    return urlsplit(settings.SPOOR_PUBLIC_URL).netloc


def _by_code(actor: Actor, code: str) -> Resolved:
    label = (
        Label.objects.select_related("party", "submission_line__submission", *(f"item__{path}" for path in _ITEM_PATHS))
        .filter(code=code)
        .first()
    )
    if label is None:
        raise _nothing(code)
    if label.state == LabelState.VOID and actor.in_laboratory:
        raise BadInput(
            _("%(code)s was made void. The thing has a newer label: remove this one and scan the other.")
            % {"code": code},
            code="label-void",
            field="code",
            found=code,
        )
    if label.party is not None and actor.in_laboratory:
        return Resolved(party=label.party, code=code)
    if label.item is not None and label.state == LabelState.LIVE and item_visible(label.item, actor, "case.read"):
        return Resolved(item=label.item, code=code)
    if label.submission_line is not None and actor.in_laboratory:
        return Resolved(announced=label.submission_line, code=code)
    raise _nothing(code)


def _by_reference(actor: Actor, entered: str) -> Resolved | None:
    text = entered.upper()
    own_box = _OWN_BOX.fullmatch(text) is not None
    if not text.startswith(f"{laboratory_kept().code}-") and not own_box:
        return None
    item = Item.objects.select_related(*_ITEM_PATHS).filter(reference=text).first()
    if item is not None:
        if item_visible(item, actor, "case.read"):
            return Resolved(item=item)
        raise _nothing(entered)
    case = visible(Case.objects.select_related("agency"), actor, "case.read", path="").filter(reference=text).first()
    if case is not None:
        return Resolved(case=case)
    if text.count("-") > 2:
        reference_check(text)
    raise _nothing(entered)


def _by_external(actor: Actor, entered: str) -> Resolved | None:
    row = (
        visible(ExternalReference.objects.filter(value=entered), actor, "case.read")
        .select_related("case__agency", *(f"item__{path}" for path in _ITEM_PATHS))
        .first()
    )
    if row is None:
        return None
    return Resolved(item=row.item) if row.item else Resolved(case=row.case)


def _nothing(entered: str) -> NotFound:
    return NotFound(
        _("Nothing here has the name «%(found)s», or it is not yours to see.") % {"found": entered[:60]},
        code="unknown-code",
        field="code",
        found=entered[:60],
    )


def _label_code(error: LabelError) -> str:
    names = {"ForeignLabel": "foreign-label", "BadScanCode": "bad-scan-code", "BadReference": "bad-reference"}
    return names.get(type(error).__name__, "bad-scan-code")
