"""Check helpers shared by services: text limits, decimals, times."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.utils import timezone
from django.utils.translation import gettext as _

from lims.common.errors import BadInput


def text_clean(value: str, *, field: str, required: bool = False, limit: int = 500) -> str:
    """Trimmed text without control signs.

    Raises:
        BadInput: required and empty, too long, or with control signs.
    """
    text = value.strip()
    if required and not text:
        raise BadInput(_("This field is needed."), code="required", field=field)
    if len(text) > limit:
        raise BadInput(
            _("%(count)s signs are more than the %(limit)s allowed here. Shorten the text.")
            % {"count": len(text), "limit": limit},
            code="too-long",
            field=field,
        )
    if any(ord(sign) < 32 and sign not in "\n\t\r" for sign in text) or "\x7f" in text:
        raise BadInput(_("The text holds control signs. Type it again."), code="control-signs", field=field)
    return text


def decimal_clean(value: str | Decimal | int, *, field: str, above: Decimal | None = None) -> Decimal:
    """A decimal number with a point.

    Raises:
        BadInput: not a finite number, or not above the bound.
    """
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise BadInput(
            _("«%(found)s» is not a number. Write it with a point, such as 12.5.") % {"found": value},
            code="not-a-number",
            field=field,
            found=str(value),
        )
    if above is not None and number <= above:
        raise BadInput(
            _("%(found)s is too small: more than %(above)s is expected.") % {"found": number, "above": above},
            code="too-small",
            field=field,
            found=str(number),
        )
    return number


def not_in_future(value: datetime, *, field: str) -> datetime:
    """A time with zone that has already come (two minutes' tolerance for clocks that differ).

    Raises:
        BadInput: the time lies in the future or has no zone.
    """
    if timezone.is_naive(value):
        raise BadInput(_("The time has no zone. Add one, such as +03:00."), code="no-zone", field=field)
    if (value - timezone.now()).total_seconds() > 120:
        raise BadInput(
            _("%(found)s lies in the future. Give the time at which it happened.") % {"found": value.isoformat()},
            code="in-the-future",
            field=field,
            found=value.isoformat(),
        )
    return value
