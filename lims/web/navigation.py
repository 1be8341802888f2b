"""The menu of each role, on one screen. Every entry is a page this system has.

At most three groups and eight entries for one role; a person with several roles gets the union without duplicates.
Numbers are things that wait for the person, amber (`hot`) when someone else waits because of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lims.accounts.actors import Actor
from lims.accounts.roles import Role

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu: a page's url name (in the namespace `web`), its title, its icon."""

    page: str
    title: Words
    icon: str


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under a heading; the first group has none."""

    title: Words
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many things wait behind an entry."""

    number: int
    hot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry as drawn."""

    href: str
    title: Words
    icon: str
    current: bool
    waiting: Waiting | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A group as drawn."""

    title: Words
    links: tuple[Link, ...]


TODAY = Entry("today", _("Today"), "today")
CASES = Entry("case_list", _("Cases"), "case")
HANDOVERS = Entry("handover_list", _("Hand-overs"), "handover")
BOXES = Entry("box_list", _("Boxes and freezers"), "box")
LABELS = Entry("label_list", _("Labels"), "print")
SCAN = Entry("scan_session", _("Scan session"), "scan")
LINKS = Entry("link_network", _("Links"), "people")
OUR_LINKS = Entry("our_links", _("Links of our seizures"), "people")
REFERENCES = Entry("reference_list", _("Reference sets"), "map")
LAW = Entry("law_list", _("Lists of the law"), "flag")
EXCEPTIONS = Entry("exception_list", pgettext_lazy("gaps in custody", "Exceptions"), "warn")
LEDGER = Entry("ledger", _("Ledger"), "ledger")
VIEWS = Entry("access_list", _("Who looked at what"), "eye")
PACKS = Entry("pack_list", _("Disclosure packs"), "pack")
REQUESTS = Entry("request_list", _("Requests"), "request")
BATCHES = Entry("batch_list", _("Batches"), "batch")
TO_REVIEW = Entry("review_list", _("To review"), "review")
FORGOTTEN = Entry("forgetting_list", _("Forgotten persons"), "person")

MENU: Mapping[Role, tuple[Group, ...]] = {
    Role.CUSTODIAN: (Group("", (TODAY,)), Group(_("Evidence"), (CASES, HANDOVERS, BOXES, LABELS))),
    Role.TECHNICIAN: (
        Group("", (TODAY,)),
        Group(_("Bench"), (SCAN, HANDOVERS, BOXES, LABELS)),
        Group(_("Work"), (BATCHES, CASES)),
    ),
    Role.ANALYST: (
        Group("", (TODAY,)),
        Group(
            _("Work"),
            (
                CASES,
                REQUESTS,
                Entry("result_list", _("Results"), "dna"),
                LINKS,
                Entry("report_list", _("My reports"), "report"),
            ),
        ),
        Group(_("Reference"), (REFERENCES, LAW)),
    ),
    Role.REVIEWER: (
        Group("", (TODAY,)),
        Group(
            _("Review"),
            (
                TO_REVIEW,
                Entry("review_sent_back", _("Sent back"), "undo"),
                Entry("review_signed", _("Signed"), "key"),
            ),
        ),
        Group(_("Look up"), (CASES, LINKS, REFERENCES, LAW)),
    ),
    Role.MANAGER: (
        Group("", (TODAY,)),
        Group(_("Laboratory"), (CASES, REQUESTS, BATCHES, REFERENCES)),
        Group(_("Oversight"), (PACKS, EXCEPTIONS, LEDGER)),
    ),
    Role.INVESTIGATOR: (
        Group("", (Entry("status", _("Our cases"), "case"), OUR_LINKS)),
        Group(
            _("Send evidence"),
            (
                Entry("submission_new", _("Register a seizure"), "plus"),
                Entry("bag_labels", _("Print bag labels"), "print"),
            ),
        ),
    ),
    Role.PROSECUTOR: (
        Group("", (PACKS, OUR_LINKS)),
        Group(_("Check"), (Entry("verify", _("Verify a disclosure pack"), "shield"),)),
    ),
    Role.AUTHORITY: (Group("", (TODAY,)),),
    Role.AUDITOR: (
        Group("", (LEDGER,)),
        Group(_("Look up"), (EXCEPTIONS, VIEWS, CASES, LINKS, Entry("verify", _("Verify a file"), "shield"))),
    ),
    Role.ADMINISTRATOR: (
        Group(
            "",
            (
                Entry("account_list", _("Accounts"), "person"),
                Entry("role_list", _("Roles"), "people"),
                FORGOTTEN,
            ),
        ),
        Group(_("Settings"), (Entry("laboratory", _("The laboratory"), "settings"),)),
    ),
    Role.INSTRUMENT: (),
}

Count = Callable[[Actor], Waiting]
COUNTS: dict[str, Count] = {}


def counts(page: str) -> Callable[[Count], Count]:
    """Register what waits behind an entry: `@counts("handover_list")` above a function of the actor."""

    def register(count: Count) -> Count:
        COUNTS[page] = count
        return count

    return register


def address(page: str) -> str:
    """The address of a page, empty when this system has no such page."""
    try:
        return reverse(f"web:{page}")
    except NoReverseMatch:
        return ""


def _entries(groups: Iterable[Group]) -> Iterator[tuple[str, Words, Entry]]:
    seen: set[str] = set()
    for group in groups:
        for entry in group.entries:
            if entry.page not in seen:
                seen.add(entry.page)
                yield str(group.title), group.title, entry


def _sections(actor: Actor) -> list[tuple[Words, list[tuple[Entry, str]]]]:
    """The person's entries with their addresses, under their titles; what has no title comes first."""
    groups = [group for role in actor.roles for group in MENU.get(Role(role), ())]
    titles: dict[str, Words] = {}
    entries: dict[str, list[tuple[Entry, str]]] = {}
    for key, title, entry in _entries(groups):
        href = address(entry.page)
        if href:
            titles.setdefault(key, title)
            entries.setdefault(key, []).append((entry, href))
    return [(title, entries[key]) for key, title in sorted(titles.items(), key=lambda pair: pair[0] != "")]


def navigation(actor: Actor, path: str) -> list[Section]:
    """The menu of the person, with the entry of the present page marked."""
    return [
        Section(title=title, links=tuple(_link(entry, href, actor, path) for entry, href in entries))
        for title, entries in _sections(actor)
    ]


def _link(entry: Entry, href: str, actor: Actor, path: str) -> Link:
    count = COUNTS.get(entry.page)
    waiting = count(actor) if count else None
    current = path == href or (href != "/" and path.startswith(href))
    return Link(
        href=href,
        title=entry.title,
        icon=entry.icon,
        current=current,
        waiting=waiting if waiting and waiting.number else None,
    )


def start_page(actor: Actor) -> str:
    """Where a person begins: Today, or the first page of the roles that have no Today."""
    return next((href for _title, entries in _sections(actor) for _entry, href in entries), address("today"))
