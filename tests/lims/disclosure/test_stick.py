"""A delivery on a stick: its receipt is a paper of the pack's case."""

import hashlib
import io
import json

import pytest

from chain_of_custody.models import Entry, StoredFile
from lims.casework.models import Case
from lims.casework.services.files import case_file_store
from lims.common.errors import BadInput
from lims.disclosure.models import Delivery
from lims.disclosure.services.packs import delivery_stick_record
from tests.lims import builders
from tests.lims.disclosure.conftest import Disclosure
from tests.lims.disclosure.test_packs import _approved, _built


def _receipt(here: Disclosure, case: Case) -> StoredFile:
    return case_file_store(
        actor=here.bench.lab.custodian,
        case=case,
        source=io.BytesIO(b"received"),
        name="receipt.pdf",
        media_type="application/pdf",
        role="form",
    )


def test_a_stick_is_receipted_by_a_paper_of_its_case(disclosure: Disclosure) -> None:
    pack, lab = _built(disclosure, _approved(disclosure)), disclosure.bench.lab
    driver, strange = builders.driver(), _receipt(disclosure, builders.case(lab.custodian))
    assert pack.file is not None
    digest = pack.file.digest
    with pytest.raises(BadInput) as refused:
        delivery_stick_record(actor=lab.manager, pack=pack, recipient=driver, receipt=strange, digest=digest)
    assert (refused.value.code, refused.value.field) == ("other-case", "receipt")
    assert not Delivery.objects.exists()
    own = _receipt(disclosure, disclosure.bench.case)
    copy = {"actor": lab.manager, "pack": pack, "recipient": driver, "receipt": own}
    for wrong in ("", "0" * 64, digest[:-1]):
        with pytest.raises(BadInput) as other:
            delivery_stick_record(**copy, digest=wrong)  # type: ignore[arg-type]
        assert (other.value.code, other.value.field) == ("other-digest", "digest")
    assert not Delivery.objects.exists()
    spaced = f" {digest[:32].upper()} {digest[32:]}\n"
    assert delivery_stick_record(**copy, digest=spaced).receipt_id == own.pk  # type: ignore[arg-type]
    entry = Entry.objects.filter(stream__kind="pack", stream__uuid=pack.uuid).latest("id")
    values = json.loads(bytes(entry.canonical))["values"]
    assert (values["archive"], values["receipt"]) == (digest, hashlib.sha256(b"received").hexdigest())
