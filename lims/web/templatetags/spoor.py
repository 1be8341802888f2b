"""`{% load spoor %}`: the words of the design as template tags.

Everything printed here is escaped; values from people never reach the page as markup.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from lims.web import writing
from lims.web.forms import marks_optional
from lims.web.icons import icon_svg
from lims.web.listing import Listing
from lims.web.parts import Fact, Share, slices
from lims.web.phrases import said

register = template.Library()

# one per shape in spoor.css
BADGES = frozenset(
    ("ok", "warn", "bad", "info", "running", "idle", "held", "offered", "sealed", "unsealed", "worm", "plain")
)
TONE_ICONS = {"info": "info", "ok": "ok", "warn": "warn", "bad": "bad"}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """`{% icon "seal" %}`; with a label when it stands alone."""
    return icon_svg(name, label=label)


@register.simple_tag
def brand() -> SafeString:
    """The mark of Spoor, filled instead of drawn in lines."""
    return icon_svg("spoor", css="brandmark")


@register.simple_tag
def badge(kind: str, text: str) -> SafeString:
    """`{% badge "held" _("Held") %}`: a shape and a word. The kind names the shape, the word says the state."""
    if kind not in BADGES:
        raise template.TemplateSyntaxError(f"badge: «{kind}» is not one of {', '.join(sorted(BADGES))}")
    return format_html('<span class="badge {}">{}</span>', kind, text)


@register.inclusion_tag("web/parts/_facts.html")
def facts(cells: Sequence[Fact], name: str = "facts") -> dict[str, object]:
    """`{% facts facts %}`: the strip of two to five facts under the title; a second strip has a `name` of its own."""
    return {"facts": cells, "name": name}


@register.simple_tag
def when(value: datetime | date | None, form: str = "full") -> SafeString:
    """`{% when act.recorded_at %}`: a time in the laboratory's zone; forms full, day, clock, seconds, long, zone."""
    return writing.moment_html(value, form)


@register.simple_tag
def ref(reference: str, href: str = "") -> SafeString:
    """`{% ref item.reference item_url %}`: a human reference, never translated."""
    if href:
        return format_html('<a class="ref" translate="no" href="{}">{}</a>', href, reference)
    return format_html('<span class="ref" translate="no">{}</span>', reference)


@register.simple_tag
def code(text: str) -> SafeString:
    """`{% code item.scan_code %}`: a scan code in groups of four."""
    return format_html('<span class="code" translate="no">{}</span>', writing.code_text(text))


@register.simple_tag
def digest(text: str) -> SafeString:
    """`{% digest file.sha256 %}`: a shortened hash, the whole one in its title."""
    return format_html('<span class="hash" translate="no" title="{}">{}</span>', text, writing.hash_text(text))


@register.simple_tag
def qty(value: Decimal | int | str | None, unit: str) -> str:
    """`{% qty sample.left "mg" %}`: as many decimals as were weighed."""
    return writing.quantity_text(value, unit)


@register.filter
def number(value: Decimal | int | str) -> str:
    """`{{ count|number }}`: digits grouped by three."""
    return writing.number_text(value)


@register.filter
def told(sentence: str) -> SafeString:
    """`{{ limit|told }}`: a method's own sentence in the language of the page, or in English and marked so."""
    found = said(sentence)
    return format_html('<span lang="{}">{}</span>', found.lang, found) if found.lang else format_html("{}", found)


@register.filter
def filesize(value: int) -> str:
    """`{{ file.size|filesize }}`: 84.2 MB."""
    return writing.bytes_text(value)


@register.simple_tag
def species(name: str) -> SafeString:
    """`{% species "Loxodonta africana" %}`: a scientific name."""
    return format_html('<i class="taxon" lang="la" translate="no">{}</i>', name)


@register.simple_tag(takes_context=True)
def url_if(context: Context, name: str, *args: Any) -> str:
    """The address of a page, or nothing when this system does not have that page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@register.inclusion_tag("web/parts/_qty.html")
def qtybar(shares: Sequence[Share], unit: str, label: str) -> dict[str, object]:
    """`{% qtybar shares "mg" _("Where the 500 mg are") %}`: a bar whose legend carries the same numbers."""
    return {"slices": slices(shares), "unit": unit, "label": label}


@register.inclusion_tag("web/parts/_field.html")
def field(bound: Any, unit: Any = None, wide: bool = False) -> dict[str, object]:
    """`{% field form.mass %}`, `{% field form.mass unit=form.unit %}`: label, control, hint and error of a field."""
    return {"field": bound, "unit": unit, "wide": wide, "optional": marks_optional(bound)}


@register.inclusion_tag("web/parts/_errors.html")
def errors(form: Any) -> dict[str, object]:
    """`{% errors form %}` opens every form: its hidden fields and, when something is wrong, the summary with links."""
    return {"summary": form.summary() if form.is_bound else [], "hidden_fields": form.hidden_fields()}


@register.inclusion_tag("web/parts/_listing_head.html")
def listing_head(listing: Listing[Any], actions: str = "") -> dict[str, object]:
    """`{% listing_head cases %}`: the `<thead>` with sorting links; `actions` names a last column without a title."""
    return {"columns": listing.head(), "actions": actions}


def _escaped(text: object) -> SafeString:
    return conditional_escape(str(text) if not isinstance(text, str) else text)


def _render(name: str, content: SafeString, **values: object) -> SafeString:
    return render_to_string(f"web/parts/{name}.html", {"content": content, **values})


@register.simple_block_tag
def card(content: SafeString, title: str = "", anchor: str = "", aside: str = "", flush: bool = False) -> SafeString:
    """`{% card _("Custody") %} … {% endcard %}`; `flush=True` for tables and lists that reach the edges."""
    return _render("_card", content, title=title, anchor=anchor, aside=aside, flush=flush)


@register.simple_block_tag
def alert(content: SafeString, tone: str, title: str, role: str = "") -> SafeString:
    """`{% alert "warn" _("…") %} text and actions {% endalert %}`; tones info, ok, warn, bad."""
    return _render("_alert", content, tone=tone, icon=TONE_ICONS[tone], title=title, role=role)


@register.simple_block_tag
def empty(content: SafeString, icon: str, title: str) -> SafeString:
    """`{% empty "handover" _("Nothing is offered to you") %} … {% endempty %}`: says what will appear here."""
    return _render("_empty", content, icon=icon, title=title)


@register.simple_block_tag
def dialog(content: SafeString, anchor: str, title: str) -> SafeString:
    """`{% dialog "open-seal" _("Open seal?") %} … {% enddialog %}`, opened by `popovertarget="open-seal"`."""
    return _render("_dialog", content, anchor=anchor, title=title)


@register.simple_block_tag
def verdict(content: SafeString, tone: str, title: str) -> SafeString:
    """`{% verdict "bad" _("Failed") %} what and where {% endverdict %}`: passed ok, cannot tell warn, failed bad."""
    return _render("_verdict", content, tone=tone, icon=TONE_ICONS[tone], title=title)


@register.simple_block_tag
def scroll(content: SafeString, label: str) -> SafeString:
    """`{% scroll _("Items") %}<table class="table">…{% endscroll %}`: a region that scrolls and takes focus."""
    return format_html(
        '<div class="table-wrap" role="region" aria-label="{}" tabindex="0">{}</div>',
        _escaped(label),
        content,
    )
