"""The method «origin.mixture»: role "genotypes", reference = a frozen baseline; one outcome per mixture."""

from __future__ import annotations

from analysis.canonical import Json, readable_json
from analysis.genotypes.reader import Layout, format_named, read_file
from analysis.inputs import Artefact, Progress, RunInputs, RunResult
from analysis.origin import svg
from analysis.origin.baseline import Baseline, baseline_open
from analysis.origin.mixture import LEVEL, Mixture, MixtureShare, mixtures
from analysis.origin.mixture_cli import CAVEAT, mixture_json
from analysis.origin.numbers import number
from analysis.outcome import Diagnostic, Figure, Finding, Number, Outcome, ReferenceDigest
from analysis.registry import Method

NAME = "origin.mixture"
VERSION = "1.0"
QUESTION = "Of which populations is the consignment made, and in what shares?"
_SHOWN = 15
_WIDTH, _LABEL, _ROW, _TOP = 640.0, 190.0, 22.0, 30.0


def run(inputs: RunInputs, progress: Progress) -> RunResult:
    """Estimate the shares of a consignment.

    Parameters: `id_column` (default "id"), `by_column` (a mixture of its own for each value), `replicates` of the
    bootstrap (default 200), `table_format`. Artefacts: mixture.json and shares-NNNN.svg. Raises `InputRefused`.
    """
    file = inputs.one("genotypes")
    by = inputs.text("by_column")
    progress(0.0, "reading")
    baseline = baseline_open(inputs.reference_folder("reference population data"))
    layout = Layout(id=inputs.text("id_column") or "id", others=() if by is None else (by,))
    table = read_file(file, layout, table_format=format_named(inputs.text("table_format")))
    replicates = inputs.whole("replicates", 200)
    found = mixtures(baseline, table, by=by, replicates=replicates, seed=inputs.seed, progress=progress)
    rows: list[Json] = [mixture_json(one) for one in found]
    content = readable_json({"method": NAME, "version": VERSION, "mixtures": rows})
    files = [Artefact(name="mixture.json", media_type="application/json", content=content)]
    for place, one in enumerate(found, start=1):
        drawn = shares_figure(one, key=f"shares-{place:04d}").encode()
        files.append(Artefact(name=f"shares-{place:04d}.svg", media_type="image/svg+xml", content=drawn))
    return RunResult(outcomes=tuple(_outcome(one, baseline, inputs) for one in found), artefacts=tuple(files))


def statement(found: Mixture) -> str:
    """The shares in a sentence, with their intervals."""
    best = ", ".join(f"{item.name} {item.share:.0%} ({item.low:.0%} to {item.high:.0%})" for item in found.groups[:3])
    rest = len(found.groups) - 3
    more = f" and {rest} more" if rest > 0 else ""
    return f"Of {found.animals} animals, the shares that explain the genotypes best are {best}{more}."


def shares_figure(found: Mixture, *, key: str) -> str:
    """Bars of shares with bootstrap intervals, largest first."""
    shown, bar = found.groups[:_SHOWN], _WIDTH - _LABEL - 150
    body = [svg.text("share with 95 % interval", _LABEL, 16, kind="tiny")]
    for index, item in enumerate(shown):
        top = _TOP + index * _ROW
        low, high = svg.amount(_LABEL + bar * item.low), svg.amount(_LABEL + bar * item.high)
        body += [
            svg.text(item.name if len(item.name) < 27 else f"{item.name[:25]}…", 4, top + 13, kind="strong"),
            svg.rect("r95", _LABEL, top + 2, bar * item.share, 14),
            svg.path("cross", f"M{low} {svg.amount(top + 9)}H{high}"),
            svg.text(_share_text(item), _WIDTH - 4, top + 13, anchor="end"),
        ]
    bottom = _TOP + len(shown) * _ROW
    body.append(svg.path("axis", f"M{svg.amount(_LABEL)} {svg.amount(_TOP - 4)}V{svg.amount(bottom)}"))
    title = f"Shares of {found.name}" if found.name else "Shares of the consignment"
    return svg.document(key=key, title=title, description=statement(found), width=_WIDTH, height=bottom + 12, body=body)


def _outcome(found: Mixture, baseline: Baseline, inputs: RunInputs) -> Outcome:
    return Outcome(
        method=NAME,
        version=VERSION,
        question=QUESTION,
        finding=Finding(outcome="shares", subject=None, statement=statement(found)),
        propositions=("The animals were drawn from the populations of the reference data in these shares.",),
        numbers=tuple(_number(item) for item in found.groups if item.high > 0.005),
        caveats=(CAVEAT,),
        diagnostics=(
            Diagnostic(
                code="untyped",
                state="warning" if found.untyped else "passed",
                text=f"{found.untyped} animals without a typed locus were left out",
                value=found.untyped,
            ),
        ),
        figures=(
            Figure(
                name="shares",
                kind="origin.shares",
                title="Shares",
                description=statement(found),
                data=mixture_json(found)["groups"],
            ),
        ),
        inputs=tuple(one.digest for one in inputs.files),
        reference=ReferenceDigest.of(baseline),
        parameters=dict(inputs.parameters),
        details={**mixture_json(found), "id": found.name or "all animals"},
        seed=inputs.seed,
    )


def _number(item: MixtureShare) -> Number:
    return Number(
        name=f"share of {item.name}",
        value=number(item.share),
        unit="share",
        definition=f"share of the consignment from {item.name}; bootstrap interval over animals",
        interval=(number(item.low), number(item.high), LEVEL),
    )


def _share_text(item: MixtureShare) -> str:
    return f"{item.share:.1%} ({item.low:.0%} to {item.high:.0%})"


METHOD = Method(
    name=NAME,
    version=VERSION,
    citation="Conditional maximum likelihood of stock shares (Millar 1987, Can. J. Fish. Aquat. Sci. 44: 583-590), "
    "likelihoods after Rannala & Mountain 1997, intervals by drawing the animals again.",
    assumptions=(
        "Every animal comes from a population of the reference data.",
        "Animals of the consignment were drawn independently.",
        "Loci are independent and in Hardy-Weinberg proportions within populations.",
    ),
    limits=(
        "Animals from elsewhere are counted with the population they resemble most.",
        "The interval holds the drawing of animals, not what the finite reference data adds.",
        "Populations that hardly differ cannot be told apart; their shares go together.",
    ),
    validation="On rubias' published chinook mixture the shares of reporting units lie within the published "
    "intervals; simulated mixtures are covered by the intervals at their nominal rate.",
    run=run,
)
