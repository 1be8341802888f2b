"""What the build of a reference found when it tested the set, ready to print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from analysis.origin.spatial.sampling import Sampled, sampling_map
from analysis.verbal import bound_text
from lims.web.figures import svg_inline
from lims.web.parts import Fact
from lims.web.shares import p_text, percent
from lims.web.tables import Table, confusion_table


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksView:
    """Everything the page of a set says about its quality."""

    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()
    map: SafeString | None = None
    map_note: str = ""


def checks_view(checks: Mapping[str, Any]) -> ChecksView:
    """The checks of a set, by their kind; nothing where the build made none."""
    made = {
        "populations": _populations,
        "isoscape": _isoscape,
        "training": _training,
        "scale": _scale,
        "link_rule": _link_rule,
    }.get(str(checks.get("kind", "")))
    return made(checks) if made else ChecksView()


def _populations(checks: Mapping[str, Any]) -> ChecksView:
    validation = checks["validation"]
    tables = [_accuracy(validation), _bands(validation), _diversity(validation)]
    if checks.get("equilibrium"):
        tables += [_departures(checks["equilibrium"]), _linked(checks["equilibrium"])]
    if checks.get("permits"):
        tables.append(_permits(checks["permits"]))
    drawing, note = _sampling(checks)
    return ChecksView(facts=_population_facts(validation), tables=tuple(tables), map=drawing, map_note=note)


def _population_facts(validation: Mapping[str, Any]) -> tuple[Fact, ...]:
    accuracy, intervals = validation["accuracy"], validation["interval_95"]
    fst = validation["differentiation"]["fst"]
    facts = [
        Fact(
            label=_("Left out one by one, right to population"),
            value="–" if accuracy["population"] is None else percent(accuracy["population"]),
            detail=_range(intervals["population"]),
            lead=True,
        ),
        *_right_to_group(validation),
        Fact(label=_("F_ST over all loci"), value="–" if fst is None else f"{fst:.3f}"),
        Fact(
            label=_("Animals and loci"),
            value=f"{validation['animals']} × {validation['loci']}",
        ),
    ]
    return tuple(facts)


def _grouped(validation: Mapping[str, Any]) -> bool:
    """Whether populations stand in groups; without groups each is its own, and saying it twice tells nothing."""
    return any(one["group"] != one["population"] for one in validation["populations"])


def _right_to_group(validation: Mapping[str, Any]) -> list[Fact]:
    if not _grouped(validation):
        return []
    share, interval = validation["accuracy"]["group"], validation["interval_95"]["group"]
    value = "–" if share is None else percent(share)
    return [Fact(label=_("Right to group"), value=value, detail=_range(interval))]


def _accuracy(validation: Mapping[str, Any]) -> Table:
    rows, grouped = [], _grouped(validation)
    for one in validation["populations"]:
        taken = ", ".join(f"{other['population']} ({other['animals']})" for other in one["taken_for"][:3])
        rows.append(
            (
                str(one["population"]),
                *([str(one["group"])] if grouped else []),
                str(one["animals"]),
                _share(one["accuracy"]),
                *([_share(one["group_accuracy"])] if grouped else []),
                taken or "–",
            )
        )
    return Table(
        title=_("Accuracy by population"),
        head=(
            (_("Population"), False),
            *([(_("Group of populations"), False)] if grouped else []),
            (_("Animals"), True),
            (_("Right to population"), True),
            *([(_("Right to group"), True)] if grouped else []),
            (_("Taken for"), False),
        ),
        rows=tuple(rows),
        note=_("Every animal was left out once and assigned with the others; the interval is Wilson's, 95 %."),
    )


def _bands(validation: Mapping[str, Any]) -> Table:
    group = validation["by_posterior"]["group"]["at_least"] if _grouped(validation) else []
    rows = [
        (f"≥ {one['posterior_from']:g}", str(one["animals"]), _share(one))
        for one in validation["by_posterior"]["population"]["at_least"]
    ]
    by_group = {f"≥ {one['posterior_from']:g}": _share(one) for one in group}
    return Table(
        title=_("Accuracy by score"),
        head=(
            (_("Score of the best"), False),
            (_("Animals"), True),
            (_("Right to population"), True),
            *([(_("Right to group"), True)] if group else []),
        ),
        rows=tuple((*row, *([by_group.get(row[0], "–")] if group else [])) for row in rows),
    )


def _diversity(validation: Mapping[str, Any]) -> Table:
    fst = {one["locus"]: (one["fst"], one["fis"]) for one in validation["differentiation"]["by_locus"]}
    rows = []
    for one in validation["diversity"]:
        between, within = fst.get(one["locus"], (None, None))
        values = (one["observed"], one["expected"], between, within)
        shown = tuple("–" if value is None else f"{value:.3f}" for value in values)
        rows.append((str(one["locus"]), str(one["alleles"]), str(one["typed"]), *shown))
    return Table(
        title=_("Diversity by locus"),
        head=(
            (_("Locus"), False),
            (_("Alleles"), True),
            (_("Typed"), True),
            (_("Heterozygotes seen"), True),
            (_("Expected"), True),
            ("F_ST", True),
            ("F_IS", True),
        ),
        rows=tuple(rows),
    )


def _departures(found: Mapping[str, Any]) -> Table:
    rows = [
        (
            str(one["population"]),
            str(one["locus"]),
            p_text(one["p"]),
            f"{one['heterozygotes']} / {one['expected']:.1f}",
        )
        for one in found["departures"]
    ]
    return Table(
        title=_("Hardy–Weinberg departures"),
        head=(
            (_("Population"), False),
            (_("Locus"), False),
            ("p", True),
            (_("Heterozygotes, seen and expected"), True),
        ),
        rows=tuple(rows),
        note=_("%(n)s tests; %(chance)s departures at %(alpha)s are to be expected by chance, %(found)s were found.")
        % {
            "n": found["hardy_weinberg_tests"],
            "chance": f"{found['departures_expected']:.1f}",
            "alpha": found["alpha"],
            "found": len(rows),
        },
    )


def _linked(found: Mapping[str, Any]) -> Table:
    rows = [(str(one["first"]), str(one["second"]), p_text(one["p"])) for one in found["linked"]]
    return Table(
        title=_("Loci that go together"),
        head=((_("Locus"), False), (_("With"), False), ("p", True)),
        rows=tuple(rows),
        note=_("%(n)s pairs of loci tested; %(chance)s are to be expected by chance, %(found)s were found.")
        % {"n": found["linkage_tests"], "chance": f"{found['linked_expected']:.1f}", "found": len(rows)},
    )


def _permits(found: Sequence[Mapping[str, Any]]) -> Table:
    rows = [(str(one["population"]), str(one["permit"]) or _("none stated"), str(one["animals"])) for one in found]
    return Table(
        title=_("Permits and sources"),
        head=((_("Population"), False), (_("Permit or source"), False), (_("Animals"), True)),
        rows=tuple(rows),
    )


def _sampling(checks: Mapping[str, Any]) -> tuple[SafeString | None, str]:
    places = checks.get("places")
    if not places:
        return None, ""
    km = float(checks.get("places_km") or 0)
    sampled = [
        Sampled(
            latitude=float(one["latitude"]),
            longitude=float(one["longitude"]),
            population=str(one["population"]),
            animals=int(one["animals"]),
        )
        for one in places
    ]
    drawing = sampling_map(sampled, key="sampling", title=_("Where reference animals were sampled"), squares_km=km)
    note = (
        _("Places are the middles of squares of %(km)s km; exact coordinates need a grant.") % {"km": f"{km:g}"}
        if km
        else _("Exact coordinates. They may not be passed on.")
    )
    return svg_inline(drawing.encode()), note


def _isoscape(checks: Mapping[str, Any]) -> ChecksView:
    rows = tuple(
        (
            f"{one['level']:.0%}",
            f"{one['covered']} / {one['animals']}",
            _range(one["interval"]),
        )
        for one in checks["coverage"]
    )
    head = ((_("Region of"), False), (_("Held the true site"), True), (_("99 % interval"), True))
    note = _("Each site was left out once with all its animals.")
    covered = Table(title=_("Coverage of regions"), head=head, rows=rows, note=note)
    return ChecksView(tables=(covered, *_scales(checks)))


def _scales(checks: Mapping[str, Any]) -> tuple[Table, ...]:
    """Which laboratory scales a value may state; nothing for sets built before this was kept."""
    if "scales" not in checks:
        return ()
    head = (
        (_("Laboratory scale"), False),
        (_("Low standard"), False),
        (_("High standard"), False),
        (_("Values compared"), False),
    )
    rows = tuple(
        (
            str(one["name"]),
            _standard(one, "low"),
            _standard(one, "high"),
            _("yes") if one["comparable"] else _("no: it shares no standards"),
        )
        for one in checks["scales"]
    )
    note = _(
        "Everything is compared on «%(scale)s». A value that states another scale, or none, is refused. An edition "
        "with a table of scales lets values of other laboratories in."
    ) % {"scale": checks["scale"]}
    return (Table(title=_("Laboratory scales of values"), head=head, rows=rows, note=note),)


def _standard(one: Mapping[str, Any], end: str) -> str:
    name = one.get(f"{end}_standard")
    return f"{name}: {one[end]:g} ± {one[f'{end}_error']:g}" if name else "–"


def _training(checks: Mapping[str, Any]) -> ChecksView:
    return ChecksView(tables=(confusion_table(checks["confusion"]),))


def _scale(checks: Mapping[str, Any]) -> ChecksView:
    bands = checks["bands"]
    ends = [*(str(one[0]) for one in bands[1:]), ""]
    rows = tuple(
        (
            _("%(from)s to below %(to)s") % {"from": bound_text(float(start)), "to": bound_text(float(end))}
            if end
            else _("%(from)s or more") % {"from": bound_text(float(start))},
            str(text),
        )
        for (start, text), end in zip(bands, ends, strict=True)
    )
    head = ((_("Likelihood ratio"), False), (_("Words"), False))
    note = _("Reports print number and words together, and these bounds in the annex.")
    return ChecksView(tables=(Table(title=_("Bounds and words"), head=head, rows=rows, note=note),))


def _link_rule(checks: Mapping[str, Any]) -> ChecksView:
    head = ((_("Field"), False), (_("Value"), True), (_("Source"), False))
    rows = tuple((str(name), str(value), str(source)) for name, value, source in checks["values"])
    note = _("Values whose source begins with [M] rest on judgement: your validation confirms or replaces them.")
    return ChecksView(tables=(Table(title=_("Thresholds and where they come from"), head=head, rows=rows, note=note),))


def _share(one: Mapping[str, Any]) -> str:
    if one.get("accuracy") is None:
        return "–"
    return f"{percent(one['accuracy'])} ({_range(one['interval_95'])})"


def _range(interval: Sequence[float]) -> str:
    return f"{percent(interval[0])}–{percent(interval[1])}"
