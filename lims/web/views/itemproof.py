"""An item's history as files that anybody can check without us."""

from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from chain_of_custody.core.export import export_chunks
from chain_of_custody.core.tlogproof import MEDIA_TYPE
from chain_of_custody.models import Item
from chain_of_custody.selectors import export_open, reveal_nothing
from chain_of_custody.selectors import item_tlogproof as tlogproof_of_item
from lims.casework.models import Case
from lims.common.errors import NotFound
from lims.web.access import PageRequest
from lims.web.casefile import item_page


@item_page()
@require_GET
def item_proof(request: PageRequest, item: Item, case: Case | None) -> HttpResponse:
    """The item's entries with inclusion proofs, for anybody to verify; names and texts stay sealed."""
    export = export_open(items=[item], reveal=reveal_nothing)
    proof = b"".join(export_chunks(export.header, export.rows))
    return _file(proof, "application/octet-stream", f"{item.reference}.spoor-export")


@item_page()
@require_GET
def item_tlogproof(request: PageRequest, item: Item, case: Case | None) -> HttpResponse:
    """The newest act's place in the log (C2SP tlog-proof): it speaks for all acts before, which it names by hash."""
    proof = tlogproof_of_item(item)
    if proof is None:
        raise NotFound(_("No act on this item has a place in the log yet."), code="no-proof")
    return _file(proof.text(), MEDIA_TYPE, f"{item.reference}.tlog-proof")


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


urlpatterns = [
    path("items/<str:reference>/proof/", item_proof, name="item_proof"),
    path("items/<str:reference>/tlog-proof/", item_tlogproof, name="item_tlogproof"),
]
