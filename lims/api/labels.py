"""Labels: codes of items, recorded prints, drawings of recorded copies."""

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labels.layout import LabelContent
from labels.render import label_png, label_svg, sheet_pdf
from labels.sizes import LABELS, SHEETS
from labels.zpl import label_zpl
from lims.api.base import Pointing, View
from lims.api.fields import Code, Input, Output, Reason, key, text
from lims.api.items import ItemView
from lims.api.operations import acts, creates, downloads, lists
from lims.casework.selectors.labels import LabelCopy, label_copies, label_list
from lims.casework.selectors.naming import items_named
from lims.casework.services.labels import label_replace, labels_print
from lims.common.errors import NotFound

AREA = "labels"
MEDIA = ("svg", "png", "zpl", "pdf")
_TYPES = {"svg": "image/svg+xml", "png": "image/png", "zpl": "application/zpl"}


class LabelOut(Output):
    """A scan code of an item. One is live at most; a void one is never used again."""

    code = serializers.CharField()
    state = serializers.CharField()
    created_at = serializers.DateTimeField()
    voided_at = serializers.DateTimeField(allow_null=True)


class LabelRow(LabelOut):
    """A scan code with the number of its recorded prints."""

    copies = serializers.IntegerField()


class PrintIn(Input):
    """Labels to print: the print is recorded, every copy numbered; a reprint needs a reason."""

    items = serializers.ListField(child=key(), min_length=1, max_length=500)
    size = Code(LABELS)
    medium = Code(MEDIA)
    reason = text(200)


class CopyOut(Output):
    """A recorded copy of a label; draw it under `labels/CODE/copies/COPY/`."""

    code = serializers.CharField()
    reference = serializers.CharField()
    description = serializers.CharField()
    copy = serializers.IntegerField()
    synthetic = serializers.BooleanField()


class PrintsOut(Output):
    """The copies recorded, in the order sent."""

    prints = CopyOut(many=True)


class CopyIn(Input):
    """A recorded copy."""

    code = text(12, required=True)
    copy = serializers.IntegerField(min_value=1)


class SheetIn(Input):
    """Recorded copies to set on sheets."""

    prints = serializers.ListField(child=CopyIn(), min_length=1, max_length=1000)
    sheet = Code(SHEETS)
    start = serializers.IntegerField(required=False, default=1, min_value=1, help_text="First free place.")


class ItemLabels(ItemView):
    """Labels of an item."""

    @lists("label_list", LabelRow, area=AREA)
    def get(self, request: Request, key: str) -> Response:
        """Every code the item has had, newest first."""
        return self.page(label_list(item=self.item(seen=True)), LabelRow)


class LabelReplace(ItemView):
    """A new code for an item."""

    @acts("label_replace", Reason, LabelOut, area=AREA)
    def post(self, request: Request, key: str) -> Response:
        """Void the item's code and issue another: lost, copied or damaged."""
        return self.one(label_replace(actor=self.actor, item=self.item(), **self.body(Reason)), LabelOut)


class Prints(View):
    """Recorded prints."""

    pointing = Pointing(rows="items", fields={"items": ""})

    @creates("labels_print", PrintIn, PrintsOut, area=AREA)
    def post(self, request: Request) -> Response:
        """Record a print of each item's label; the copies can then be drawn."""
        body = self.body(PrintIn)
        items = items_named(actor=self.actor, keys=body.pop("items"))
        made = labels_print(actor=self.actor, items=items, **body)
        return Response(self.data({"prints": made}, PrintsOut), status=201)


class Drawing(View):
    """One drawn label."""

    @downloads("label_draw", *_TYPES.values(), area=AREA)
    def get(self, request: Request, code: str, copy: int, form: str) -> HttpResponse:
        """Draw a recorded copy: `svg`, `png` (300 dpi) or `zpl`."""
        if form not in _TYPES:
            raise NotFound(_("A label is drawn as svg, png or zpl."), code="unknown-form")
        shown = label_copies(actor=self.actor, wanted=[(code.upper(), copy)])[0]
        content, size = label_content(shown), LABELS[shown.size]
        draw: dict[str, Callable[..., bytes | str]] = {"svg": label_svg, "png": label_png, "zpl": label_zpl}
        drawn = draw[form](content, size)
        return drawing(drawn, _TYPES[form], f"{shown.code}-{copy}.{form}")


class Sheets(View):
    """Labels on sheets."""

    @downloads("label_sheet", "application/pdf", area=AREA, request=SheetIn)
    def post(self, request: Request) -> HttpResponse:
        """Set recorded copies on sheets as PDF, in true millimetres. Records nothing: the prints have been."""
        body = self.body(SheetIn)
        wanted = [(row["code"].upper(), row["copy"]) for row in body["prints"]]
        return sheet(label_copies(actor=self.actor, wanted=wanted), body["sheet"], body["start"])


def label_content(copy: LabelCopy) -> LabelContent:
    """What the renderer draws for a recorded copy."""
    public = urlsplit(settings.SPOOR_PUBLIC_URL)
    return LabelContent(
        code=copy.code,
        reference=copy.reference,
        host=public.netloc,
        scheme=public.scheme.upper(),
        lines=copy.lines,
        copy=copy.copy if copy.copy > 1 else None,
        synthetic=copy.synthetic,
    )


def sheet(copies: Sequence[LabelCopy], name: str, start: int) -> HttpResponse:
    """Recorded copies on sheets of the format."""
    made = sheet_pdf([label_content(one) for one in copies], SHEETS[name], start=start)
    return drawing(made, "application/pdf", "labels.pdf")


def drawing(content: bytes | str, media_type: str, name: str) -> HttpResponse:
    """A drawing as an attachment that no browser guesses about."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=media_type, headers=headers)


urlpatterns = [
    path("items/<str:key>/labels/", ItemLabels.as_view()),
    path("items/<str:key>/labels/replace/", LabelReplace.as_view()),
    path("labels/prints/", Prints.as_view()),
    path("labels/sheets/", Sheets.as_view()),
    path("labels/<str:code>/copies/<int:copy>/<str:form>/", Drawing.as_view()),
]
