"""Handing a pack over through the pages: a one-time code fetched without an account, a stick with hash and receipt."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chain_of_custody.models import StoredFile
from lims.accounts.actors import Actor
from lims.accounts.models import AccessEntry, User
from lims.disclosure.models import Delivery, DisclosurePack
from tests.lims.disclosure.conftest import Disclosure
from tests.lims.disclosure.test_packs import _approved, _built

pytestmark = pytest.mark.commits
_REFUSED = b"This code is wrong, used or expired."


def _enter(client: Client, who: Actor) -> Client:
    client.force_login(User.objects.get(pk=who.user_id))
    return client


def _code(here: Disclosure, pack: DisclosurePack, recipient: str) -> tuple[str, str]:
    """A code made through the page, and the address it names."""
    manager = _enter(Client(), here.bench.lab.manager)
    made = manager.post(reverse("web:pack_code", args=[pack.reference]), {"new_name": recipient})
    assert made.status_code == 200
    delivery = Delivery.objects.get(recipient__name=recipient)
    address = reverse("web:fetch", args=[delivery.uuid])
    words = made.content.decode()
    assert address in words
    code = next(one for one in re.findall(r"[\w-]{24}", words) if _digest(one.encode()) == delivery.code_digest)
    return code, address


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_code_fetches_the_pack_once_without_an_account(disclosure: Disclosure) -> None:
    pack = _built(disclosure, _approved(disclosure))
    assert pack.file is not None
    code, address = _code(disclosure, pack, "Court registry")
    nobody = Client()
    assert nobody.get(address).status_code == 200
    wrong = nobody.post(address, {"code": code[::-1]})
    assert (wrong.status_code, _REFUSED in wrong.content) == (422, True)
    other = nobody.post(reverse("web:fetch", args=[pack.uuid]), {"code": code})
    assert (other.status_code, _REFUSED in other.content) == (422, True)
    fetched = nobody.post(address, {"code": f" {code} "})
    assert fetched.status_code == 200
    assert fetched["Content-Disposition"] == f'attachment; filename="{pack.reference}.zip"'
    assert _digest(fetched.getvalue()) == pack.file.digest
    again = nobody.post(address, {"code": code})
    assert (again.status_code, _REFUSED in again.content) == (422, True)
    line = AccessEntry.objects.get(kind="download", reference=pack.reference)
    assert line.reason == "Court registry"
    assert AccessEntry.objects.filter(kind="refused", reason="one-time code").count() == 3
    shown = _enter(Client(), disclosure.bench.lab.manager).get(reverse("web:pack", args=[pack.reference]))
    assert b"code used" in shown.content


def test_an_expired_code_fetches_nothing(disclosure: Disclosure) -> None:
    pack = _built(disclosure, _approved(disclosure))
    code, address = _code(disclosure, pack, "Court registry")
    Delivery.objects.filter(pack=pack).update(code_expires_at=timezone.now() - timedelta(seconds=1))
    late = Client().post(address, {"code": code})
    assert (late.status_code, _REFUSED in late.content) == (422, True)
    assert Delivery.objects.get(pack=pack).code_used_at is None
    assert not AccessEntry.objects.filter(kind="download", reference=pack.reference).exists()


def test_a_stick_needs_the_archives_hash_and_a_receipt_which_the_pack_then_shows(disclosure: Disclosure) -> None:
    pack = _built(disclosure, _approved(disclosure))
    assert pack.file is not None
    manager = _enter(Client(), disclosure.bench.lab.manager)
    address = reverse("web:pack_stick", args=[pack.reference])
    assert pack.file.digest in manager.get(address).content.decode()
    paper = b"%PDF-1.4 received"

    def given(**other: object) -> dict[str, object]:
        receipt = SimpleUploadedFile("receipt.pdf", paper, content_type="application/pdf")
        return {"new_name": "Clerk of the court", "digest": disclosure.report.number, "receipt": receipt} | other

    files = StoredFile.objects.count()
    refused = manager.post(address, given())
    assert (refused.status_code, b"This is not the SHA-256 of" in refused.content) == (422, True)
    bare = manager.post(address, {"new_name": "Clerk of the court", "digest": pack.file.digest})
    assert bare.status_code == 422
    assert (Delivery.objects.count(), StoredFile.objects.count()) == (0, files)
    assert manager.post(address, given(digest=pack.file.digest)).status_code == 302
    delivery = Delivery.objects.get(pack=pack)
    assert (delivery.way, delivery.recipient.name) == ("usb", "Clerk of the court")
    assert delivery.receipt is not None
    assert delivery.receipt.digest == _digest(paper)
    link = reverse("web:file", args=[delivery.receipt.uuid])
    assert link in manager.get(reverse("web:pack", args=[pack.reference])).content.decode()
    assert manager.get(link).getvalue() == paper
    prosecutor = _enter(Client(), disclosure.prosecutor)
    assert link not in prosecutor.get(reverse("web:pack", args=[pack.reference])).content.decode()
