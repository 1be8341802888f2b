"""A delivery on a stick: its receipt is a paper of the pack's case."""

import io

import pytest

from chain_of_custody.models import StoredFile
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
    with pytest.raises(BadInput) as refused:
        delivery_stick_record(actor=lab.manager, pack=pack, recipient=driver, receipt=strange)
    assert (refused.value.code, refused.value.field) == ("other-case", "receipt")
    assert not Delivery.objects.exists()
    own = _receipt(disclosure, disclosure.bench.case)
    assert delivery_stick_record(actor=lab.manager, pack=pack, recipient=driver, receipt=own).receipt_id == own.pk
