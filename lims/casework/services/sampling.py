"""Sampling plans for lots: population, rule, seed of the draw, sampled and unsampled pieces."""

import secrets
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from lims.accounts.actors import Actor, require
from lims.casework.enums import ExhibitKind, SamplingRule
from lims.casework.ledger import SAMPLING
from lims.casework.models import Case, Exhibit, SamplingPlan
from lims.casework.rules import DRAW_ALGORITHM, draw
from lims.casework.selectors.access import case_scope
from lims.casework.services.cases import case_draft, case_lock
from lims.common.checks import text_clean
from lims.common.errors import BadInput, RuleViolation


def sampling_plan_draw(
    *,
    actor: Actor,
    lot: Exhibit,
    rule: str,
    count: int | None = None,
    seed: str = "",
    chosen: tuple[str, ...] = (),
    statement: str = "",
) -> SamplingPlan:
    """Decide which pieces of a lot are sampled. The population are the lot's pieces found, named 1…N within the lot.

    `random` needs a count, and draws a seed when none is given; `judgement` needs the pieces and a statement why;
    `all` takes every piece. An inference from sampled to unsampled pieces needs the statement's stated confidence
    (ISO/IEC 17025 7.3, 7.8.2.1 k).

    Raises:
        NotAllowed: without `sample.take`.
        RuleViolation: not a lot, or its pieces have not been counted.
        BadInput: count, seed or pieces do not fit the population.
    """
    case = Case.objects.select_related("agency").get(pk=lot.case_id)
    require(actor, "sample.take", case_scope(case))
    if rule not in SamplingRule.values:
        raise BadInput(_("Choose a sampling rule."), code="unknown-rule", field="rule", found=rule)
    with transaction.atomic():
        case_lock(case)
        row = Exhibit.objects.select_for_update(no_key=True, of=("self",)).select_related("item").get(pk=lot.pk)
        population = _population(row)
        if rule == SamplingRule.RANDOM:
            seed = text_clean(seed, field="seed", limit=64) or secrets.token_hex(16)
            sampled, unsampled = draw(population, count=count or 0, seed=seed)
        else:
            seed = ""
            statement = text_clean(statement, field="statement", required=rule == SamplingRule.JUDGEMENT)
            sampled, unsampled = _by_hand(population, rule, chosen)
        plan = SamplingPlan.objects.create(
            uuid=uuid4(),
            lot=row,
            population=len(population),
            rule=rule,
            seed=seed,
            algorithm=DRAW_ALGORITHM if rule == SamplingRule.RANDOM else "none",
            statement=text_clean(statement, field="statement"),
            sampled=sampled,
            unsampled=unsampled,
            drawn_by_id=actor.party_id,
            drawn_at=timezone.now(),
        )
        act_append(actor=actor, drafts=_drafts(plan, row, case))
    return plan


def _population(lot: Exhibit) -> list[str]:
    if lot.kind != ExhibitKind.LOT:
        raise RuleViolation(_("%(item)s is not a lot.") % {"item": lot.item.reference}, code="not-a-lot", field="lot")
    if not lot.pieces_found:
        raise RuleViolation(
            _("Count the pieces of %(item)s first.") % {"item": lot.item.reference},
            code="not-counted",
            field="lot",
        )
    width = len(str(lot.pieces_found))
    return [f"{number:0{width}d}" for number in range(1, lot.pieces_found + 1)]


def _by_hand(population: list[str], rule: str, chosen: tuple[str, ...]) -> tuple[list[str], list[str]]:
    if rule == SamplingRule.ALL:
        return population, []
    unknown = [piece for piece in chosen if piece not in population]
    if unknown or not chosen:
        raise BadInput(
            _("Name pieces between %(first)s and %(last)s.") % {"first": population[0], "last": population[-1]},
            code="unknown-piece",
            field="chosen",
            found=", ".join(unknown),
        )
    wanted = set(chosen)
    return [piece for piece in population if piece in wanted], [piece for piece in population if piece not in wanted]


def _drafts(plan: SamplingPlan, lot: Exhibit, case: Case) -> list[EntryDraft]:
    values: dict[str, Json] = {
        "plan": str(plan.uuid),
        "population": plan.population,
        "rule": plan.rule,
        "seed": plan.seed,
        "algorithm": plan.algorithm,
        "sampled": list(plan.sampled),
        "unsampled_count": len(plan.unsampled),
    }
    stream = StreamKey(kind="item", id=lot.item.uuid)
    return [
        EntryDraft(
            stream=stream,
            schema=SAMPLING,
            verb="drawn",
            values=values,
            committed={"statement": plan.statement},
        ),
        case_draft(case, "changed", {"sampling_plan": str(plan.uuid)}),
    ]
