"""Verify a file, for everyone: a pack, an export or a proof is read by the verifier and not kept. No account."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chain_of_custody.core.checkpoint import Checkpoint
from chain_of_custody.core.errors import CoreError
from chain_of_custody.core.note import VerifierKey
from chain_of_custody.core.verify import Report, verify_file
from chain_of_custody.core.verify.keys import kept_open
from lims.common.errors import BadInput
from lims.disclosure.services.checks import keys_read, own_keys, own_pack_keys
from lims.web.access import actor_of
from lims.web.forms import PageForm, page
from lims.web.parts import Crumb
from lims.web.verdicts import checks_of, verdict_of

LARGEST = 2 * 1024**3
LARGEST_CHECKPOINT = 64 * 1024


class VerifyForm(PageForm):
    """What to verify, and whom to trust."""

    keyed = False
    file = forms.FileField(
        label=gettext_lazy("Pack, export or proof"),
        help_text=gettext_lazy(
            "A disclosure pack (.zip), a ledger export (.jsonl) or the proof of an entry (.tlog-proof), up to 2 GB. "
            "It is read, not kept."
        ),
    )
    own = forms.BooleanField(
        label=gettext_lazy("Trust the keys this laboratory publishes here"), required=False, initial=True
    )
    keys = forms.CharField(
        label=gettext_lazy("Keys you got on another way, one a line"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "code", "spellcheck": "false"}),
        help_text=gettext_lazy("Better than trusting this page: a key from a letter, a court file or another website."),
    )
    checkpoint = forms.FileField(label=gettext_lazy("Checkpoint you kept from an earlier day"), required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the verifier said about a file."""

    name: str
    report: Report
    seconds: str


def verify(request: HttpRequest) -> HttpResponse:
    """Passed, cannot tell, failed: and the file or act that fails."""
    form = VerifyForm(request.POST or None, request.FILES or None, initial={"own": True})
    checked: Checked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            checked = _checked(form.cleaned_data)
        except BadInput as error:
            form.refuse(error)
    context: dict[str, Any] = {
        "base": "web/base.html" if actor_of(request) else "web/base_gate.html",
        "signed_in": actor_of(request) is not None,
        "form": form,
        "checked": checked,
        "own_keys": [(key.name, key.fingerprint, str(key)) for key in own_keys()],
        "crumbs": [Crumb(label=_("Verify a file"))],
    }
    if checked is not None:
        context |= {
            "verdict": verdict_of(checked.report.status, checked.report.kind),
            "checks": checks_of(checked.report),
        }
    return page(request, "web/ledger/verify.html", context, form=form)


def _checked(data: dict[str, Any]) -> Checked:
    upload = data["file"]
    if upload.size > LARGEST:
        raise BadInput(
            _("This file is larger than 2 GB. Use the verifier inside the pack on your own computer."),
            field="file",
            found=upload.size,
        )
    pinned = _pinned(data)
    outside = _outside(data["checkpoint"], pinned)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        place = Path(folder) / "file"
        with place.open("wb") as target:
            for chunk in upload.chunks():
                target.write(chunk)
        packs = own_pack_keys() if data["own"] else ()
        report = verify_file(place, pinned=pinned, packs=packs, outside=outside)
    return Checked(name=upload.name, report=report, seconds=f"{time.monotonic() - began:.1f}")


def _pinned(data: dict[str, Any]) -> tuple[VerifierKey, ...]:
    try:
        given = keys_read(data["keys"])
    except CoreError as error:
        raise BadInput(
            _("One of these lines is no key: %(why)s. A key reads name+hash+base64.") % {"why": error}, field="keys"
        ) from error
    return (*given, *(own_keys() if data["own"] else ()))


def _outside(upload: Any, pinned: tuple[VerifierKey, ...]) -> Checkpoint | None:
    if not upload:
        return None
    try:
        return kept_open(upload.read(LARGEST_CHECKPOINT), pinned)
    except CoreError as error:
        raise BadInput(
            _("The checkpoint cannot be read with the keys you trust: %(why)s.") % {"why": error}, field="checkpoint"
        ) from error


urlpatterns = [path("verify/", verify, name="verify")]
