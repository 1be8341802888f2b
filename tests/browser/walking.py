"""Which pages a role reaches by links, without a browser: fast, so that the browser opens only what is new."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

FILES = frozenset(
    (
        "intake_receipt", "item_proof", "label_sheet", "label_zpl", "label_svg", "submission_form", "file", "raw_file",
        "run_input", "run_file", "report_pdf", "pack_download", "pack_signature", "checkpoint",
        "item_tlogproof", "link_search_file",
    )
)  # fmt: skip
"""Addresses that answer with a file."""
ACTS = frozenset(
    (
        "sign_out", "language", "single_keys", "decode", "scan_undo", "scan_take_off", "scan_empty", "scan_offer",
        "scan_move", "box_scan", "run_rerun", "run_cancel", "control_read", "batch_release", "report_submit",
        "report_sign", "review_take", "review_point", "pack_order", "pack_check", "token_end", "code",
        "reference_cancel", "link_search_cancel",
        "forgetting_confirm", "ledger_verify_now", "drift_new", "drift_cancel", "reference_decide", "reference_next",
        "reference_grant_end", "edits_run", "staff_sequence_withdraw", "record_fetch_cancel", "record_fetch_resume",
    )
)  # fmt: skip
"""Addresses that take an act from another page's form, or lead elsewhere."""
PARTS = frozenset(
    (
        "run_progress",
        "pack_progress",
        "reference_progress",
        "law_progress",
        "drift_progress",
        "link_search_progress",
        "record_fetch_progress",
    )
)  # fmt: skip
"""Parts of a page, fetched while something is computed; the story sees them."""
ONCE = frozenset(("first_run",))
"""Open only before the first account."""
NO_PAGES = FILES | ACTS | PARTS | ONCE
HUBS = {
    "case_links": 6,
    "case": 6,
    "item": 6,
    "case_items": 2,
    "run": 4,
    "report": 4,
    "evidence": 3,
    "intake": 3,
    "submission": 2,
    "reference": 3,
    "reference_curation": 3,
    "record_fetch": 2,
    "plate": 2,
}
"""Pages from which others are reached: how many of each a role opens for their links; of the others one."""
LAYOUTS = 2
"""How many layouts of one page are looked at; the first two that differ hold all but rare kinds of element."""
_KINDS = frozenset(
    ("h1", "h2", "h3", "form", "table", "dialog", "details", "fieldset", "nav", "aside", "svg", "figure", "ol", "img")
)


class _Reader(HTMLParser):
    """The links of a page and the kinds of its structural elements."""

    def __init__(self) -> None:
        super().__init__()
        self.links: dict[str, None] = {}
        self.kinds: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and (given.get("href") or "").startswith("/"):
            self.links[str(given["href"]).split("#")[0]] = None
        if tag in _KINDS and given.get("class") != "icon":
            self.kinds.add(f"{tag}.{given.get('class') or ''}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A page to look at in the browser: who opens it, where, and its name."""

    who: str
    address: str
    name: str


@dataclass(slots=True)
class Walk:
    """Pages met so far, which of them the browser shall open, and addresses that did not answer with a page."""

    stops: list[Stop] = field(default_factory=list)
    layouts: dict[str, set[str]] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def follow(self, who: str, client: Client, starts: Iterable[str]) -> None:
        """Everything the role reaches from these addresses; each page once, hubs a few times."""
        waiting, visited, hubs = [*dict.fromkeys(starts)], set[str](), Counter[str]()
        while waiting:
            address = waiting.pop(0)
            name = name_of(address)
            if not name or name in NO_PAGES or address in visited or hubs[name] >= HUBS.get(name, 1):
                continue
            visited.add(address)
            hubs[name] += 1
            waiting += [one for one in self._open(who, client, address) if one not in visited]

    def add(self, who: str, address: str) -> None:
        """A page that the browser shall open whatever others of its name have shown."""
        if address not in {stop.address for stop in self.stops}:
            self.stops.append(Stop(who=who, address=address, name=name_of(address)))

    def _open(self, who: str, client: Client, address: str) -> Iterator[str]:
        answer = client.get(address)
        if answer.status_code in {301, 302}:
            yield answer.headers["Location"]
            return
        if answer.status_code not in {200, 202}:
            self.faults.append(f"{who} {address}: {answer.status_code}")
            return
        if answer.headers.get("Content-Disposition", "").startswith("attachment"):
            return
        reader = _Reader()
        reader.feed(answer.content.decode())
        self._take(Stop(who=who, address=address, name=name_of(address)), reader.kinds)
        yield from reader.links

    def _take(self, stop: Stop, kinds: set[str]) -> None:
        """A stop where the page is new, or has kinds of elements that no page of this name had."""
        known = self.layouts.setdefault(stop.name, set())
        if not known or (kinds - known and self.taken[stop.name] < LAYOUTS):
            self.taken[stop.name] += 1
            self.stops.append(stop)
            known |= kinds or {"page"}


def name_of(address: str) -> str:
    """The name of the page at an address, empty where there is none of ours."""
    try:
        return resolve(urlsplit(address).path).url_name or ""
    except Resolver404:
        return ""
