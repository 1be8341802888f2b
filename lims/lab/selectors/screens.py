"""What a run is screened against: other samples of its batches, their controls, staff, and runs of the last days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from analysis.species.screen import ALIKE, identity
from chain_of_custody.models import Item
from lims.accounts.actors import Actor, require
from lims.casework.models import SampleParent
from lims.casework.selectors.access import case_scope, visible
from lims.lab.enums import ScreenKind
from lims.lab.models import Batch, BatchControl, BatchItem, Run, RunScreen, ScreenSequence
from lims.lab.rules.screens import MOST_EARLIER, NEGATIVE, bases_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A sequence that is alike: its group, how alike, and the run behind it where the reader may see it."""

    group: str
    identity: float
    name: str
    run: Run | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """The screen of a run's outcome as a reader may see it: the frozen list, what was alike, what came afterwards."""

    content: Mapping[str, Any]
    alike: tuple[Alike, ...]
    later: int
    later_alike: tuple[Alike, ...]


def screen_draw(run: Run, *, with_earlier: bool = True) -> dict[str, Any]:
    """The list for a run, as things are now: one entry a sequence, with identifier, group, digest and date.

    Sequences of the same material (its own sample, what that was taken from, what was taken from it) are no others. A
    sample of another case is called by no name of its own. Earlier runs are many and are left out on request.
    """
    now = timezone.now()
    own = _material({run.item_id} if run.item_id else set())
    batches = _batches(run, own)
    descent = _descent(_mates(batches, own))
    near = list(_near(run, batches, {item for taken in descent.values() for item in taken}, own))
    controls = list(_controls(batches))
    since = now - timedelta(days=settings.SPOOR_SCREEN_DAYS)
    loci = _loci(run)
    found = _earlier(run, own, [one.pk for one in near], since, loci)
    earlier = list(found[: MOST_EARLIER + 1]) if with_earlier else []
    entries = [
        *(_entry(one, *_called(one, run)) for one in _distinct(near)),
        *(_entry(one, _control_group(one), _control_name(one)) for one in controls if one.bases),
        *(_entry(one, "staff", f"a member of staff ({_short(one)})") for one in _staff()),
        *(_entry(one, "earlier", _earlier_name(one, run)) for one in _distinct(earlier[:MOST_EARLIER])),
    ]
    have = {one.run.item_id for one in near if one.run}
    return {
        "drawn_at": now.isoformat(timespec="seconds"),
        "earlier_since": since.isoformat(timespec="seconds"),
        "earlier_cut_at": MOST_EARLIER if len(earlier) > MOST_EARLIER else None,
        "loci": loci,
        "batches": sorted(batch.reference for batch in batches),
        "samples_without": sum(have.isdisjoint(taken) for taken in descent.values()),
        "controls_without": _silent(batches, controls),
        "sequences": entries,
    }


def screen_bases(content: Mapping[str, Any]) -> dict[str, str]:
    """Bases by identifier, of the entries whose row still holds the very bases that the list was drawn from."""
    wanted = {one["id"]: one["digest"] for one in content["sequences"]}
    rows = ScreenSequence.objects.filter(uuid__in=wanted).exclude(bases="")
    return {
        str(one.uuid): one.bases
        for one in rows
        if bases_digest(one.salt, one.bases) == one.digest == wanted[str(one.uuid)]
    }


def run_screened(*, actor: Actor, run: Run, number: int, alike: Sequence[Mapping[str, Any]]) -> Screened | None:
    """The screen of one outcome for a reader; None for a run that has no list.

    `alike` is what the method found alike. Samples that got a sequence only after the list was drawn are compared now,
    so that of two samples computed at the same time each still meets the other; the frozen result stays as it is.

    Raises:
        NotAllowed: without `run.read` in the case.
    """
    require(actor, "run.read", case_scope(run.case))
    frozen = RunScreen.objects.filter(run=run).first()
    if frozen is None:
        return None
    listed = {one["id"] for one in frozen.content["sequences"]}
    own = ScreenSequence.objects.filter(run_id__in=[run.pk, run.rerun_of_id], number=number).first()
    now = screen_draw(run, with_earlier=False)
    later = [one for one in now["sequences"] if one["id"] not in listed]
    bases = screen_bases({"sequences": later})
    found = [
        {**one, "identity": share}
        for one in later
        if own is not None and (share := identity(own.bases.encode(), bases.get(one["id"], "").encode())) >= ALIKE
    ]
    by_name = {one["name"]: one for one in frozen.content["sequences"]}
    told = [{**by_name.get(str(one["name"]), {}), **one} for one in alike]
    seen = _runs_seen(actor, [str(one["id"]) for one in [*told, *found] if one.get("id")])
    return Screened(
        content=frozen.content,
        alike=tuple(_alike(one, seen) for one in told),
        later=len(later),
        later_alike=tuple(_alike(one, seen) for one in found),
    )


def _alike(one: Mapping[str, Any], seen: Mapping[str, Run]) -> Alike:
    return Alike(
        group=str(one["group"]),
        identity=float(one["identity"]),
        name=str(one["name"]),
        run=seen.get(str(one.get("id"))),
    )


def _runs_seen(actor: Actor, ids: Sequence[str]) -> dict[str, Run]:
    rows = visible(
        ScreenSequence.objects.filter(uuid__in=ids, run__isnull=False), actor, "run.read", path="run__case__"
    )
    return {str(one.uuid): one.run for one in rows.select_related("run__item") if one.run}


def staff_list(*, actor: Actor) -> QuerySet[ScreenSequence]:
    """Sequences of the staff, the withdrawn ones among them (without bases), newest first.

    Raises:
        NotAllowed: without `quality.manage`.
    """
    require(actor, "quality.manage")
    return ScreenSequence.objects.filter(kind=ScreenKind.STAFF).select_related("added_by").order_by("-pk")


def staff_get(*, actor: Actor, uuid: Any) -> ScreenSequence | None:
    """One sequence of the staff, None where there is none.

    Raises:
        NotAllowed: without `quality.manage`.
    """
    return staff_list(actor=actor).filter(uuid=uuid).first()


def _material(items: set[int]) -> set[int]:
    """Items, everything they were taken from, and everything that was taken from those."""
    found, fresh = set(items), set(items)
    while fresh:
        fresh = set(SampleParent.objects.filter(sample__item__in=fresh).values_list("parent_id", flat=True)) - found
        found |= fresh
    return found.union(*_descent(items).values())


def _batches(run: Run, own: set[int]) -> list[Batch]:
    """The run's batch, those its material stood in, and those on the same plates."""
    mine = Batch.objects.filter(Q(pk=run.batch_id) | Q(items__item__in=own)).distinct()
    plates = {one.plate_id for one in mine if one.plate_id}
    wanted = Q(pk__in=[one.pk for one in mine]) | Q(plate__in=plates)
    return list(Batch.objects.filter(wanted).order_by("pk").prefetch_related("controls"))


def _mates(batches: Sequence[Batch], own: set[int]) -> set[int]:
    """The other items of the batches."""
    return set(BatchItem.objects.filter(batch__in=batches).values_list("item_id", flat=True)) - own


def _descent(items: set[int]) -> dict[int, set[int]]:
    """Each item with everything that was taken from it, itself among them: one query a generation."""
    found = {item: {item} for item in items}
    fresh = {item: {item} for item in items}
    while fresh:
        roots: dict[int, set[int]] = {}
        edges = SampleParent.objects.filter(parent__in=fresh).values_list("parent_id", "sample__item_id")
        for parent, child in edges:
            new = {root for root in fresh[parent] if child not in found[root]}
            for root in new:
                found[root].add(child)
            if new:
                roots.setdefault(child, set()).update(new)
        fresh = roots
    return found


def _near(run: Run, batches: Sequence[Batch], items: set[int], own: set[int]) -> QuerySet[ScreenSequence]:
    sample = getattr(run, "plate_sample", None)
    wanted = Q(run__batch__in=batches) | Q(run__item__in=items)
    if sample is not None:
        wanted |= Q(run__plate_sample__plate=sample.plate_id)
    return _of_runs(run, own).filter(wanted).order_by("pk")


def _earlier(run: Run, own: set[int], near: Sequence[int], since: Any, loci: Sequence[str]) -> QuerySet[ScreenSequence]:
    rows = _of_runs(run, own).filter(added_at__gte=since).exclude(pk__in=near).order_by("-pk")
    return rows.filter(Q(locus="") | Q(locus__in=loci)) if loci else rows


def _of_runs(run: Run, own: set[int]) -> QuerySet[ScreenSequence]:
    rows = ScreenSequence.objects.filter(kind=ScreenKind.RUN).exclude(run=run.pk).exclude(bases="")
    return rows.exclude(run__item__in=own).select_related("run__item", "run__case")


def _controls(batches: Sequence[Batch]) -> QuerySet[ScreenSequence]:
    rows = ScreenSequence.objects.filter(kind=ScreenKind.CONTROL, control__batch__in=batches)
    return rows.select_related("control__batch").order_by("pk")


def _staff() -> QuerySet[ScreenSequence]:
    return ScreenSequence.objects.filter(kind=ScreenKind.STAFF, ended_at__isnull=True).order_by("pk")


def _silent(batches: Sequence[Batch], controls: Sequence[ScreenSequence]) -> int:
    """Controls of the batches of which no readable sequence is there."""
    told = {one.control_id for one in controls if one.bases}
    return sum(one.pk not in told for batch in batches for one in batch.controls.all())


def _loci(run: Run) -> list[str]:
    if named := run.parameters.get("locus"):
        return [str(named)]
    rates = (run.reference_set.summary if run.reference_set else {}).get("error_rates") or ()
    return sorted({str(one["locus"]) for one in rates})


def _entry(one: ScreenSequence, group: str, name: str) -> dict[str, Any]:
    return {
        "id": str(one.uuid),
        "group": group,
        "name": name,
        "digest": one.digest,
        "added_at": one.added_at.isoformat(timespec="seconds"),
    }


def _distinct(rows: Iterable[ScreenSequence]) -> list[ScreenSequence]:
    """The sequences; of several runs of one item with the same bases the first."""
    first: dict[Any, ScreenSequence] = {}
    for one in rows:
        first.setdefault((one.run.item_id or -one.pk, one.bases) if one.run else one.pk, one)
    return list(first.values())


def _called(one: ScreenSequence, run: Run) -> tuple[str, str]:
    other = one.run
    if other is not None and other.case_id == run.case_id:
        return "batch_own", _own_name(one, other.item)
    return "batch_other", f"a sample of another case of the same batch ({_short(one)})"


def _earlier_name(one: ScreenSequence, run: Run) -> str:
    if one.run is not None and one.run.case_id == run.case_id:
        return f"{_own_name(one, one.run.item)} (earlier)"
    return f"an earlier run of another case ({_short(one)})"


def _own_name(one: ScreenSequence, item: Item | None) -> str:
    return f"{item.reference if item else one.name} ({_short(one)})"


def _short(one: ScreenSequence) -> str:
    return str(one.uuid)[:8]


def _control_group(one: ScreenSequence) -> str:
    return "negative" if one.control and one.control.kind in NEGATIVE else "positive"


def _control_name(one: ScreenSequence) -> str:
    control = one.control
    if control is None:
        raise BatchControl.DoesNotExist(f"{one.uuid} is of no control")
    kind = control.kind.replace("_", " ")
    return f"{kind} {control.position} of {control.batch.reference} ({_short(one)})".replace("  ", " ")
