"""Genotype profiles of evidence: read from a table row by row, all or nothing, never changed, only superseded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.canonical import canonical_json, sha256_hex
from analysis.errors import AnalysisError
from analysis.genotypes.reader import Layout, read_genotypes
from analysis.genotypes.table import GenotypeTable
from analysis.textfile import SIZE_LIMIT
from chain_of_custody.core.canonical import Json
from chain_of_custody.models import StoredFile
from chain_of_custody.services import EntryDraft, StreamKey, act_append
from chain_of_custody.vault.services import file_content
from lims.accounts.actors import Actor, require
from lims.casework.models import Case
from lims.casework.selectors.access import case_scope
from lims.casework.selectors.parts import case_files
from lims.casework.services.cases import case_lock, case_open_required
from lims.common.checks import text_clean
from lims.common.errors import BadInput, DomainError, ManyErrors, RuleViolation
from lims.lab.enums import JobState
from lims.lab.ledger import PROFILE
from lims.lab.models import Profile, Run
from lims.lab.rules.names import name_bare
from lims.lab.selectors.profiles import ItemOfCase, items_by_name, profiles_current

MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileTable:
    """How a table of genotypes is to be read.

    `item_column` holds references or scan codes of items; `taxon` is the species of every row unless `taxon_column`
    names a column; `quality_columns` are kept as they are; `basis` says how the genotypes came about.
    """

    panel: str
    basis: str
    item_column: str = "item"
    taxon: str = ""
    taxon_column: str = ""
    quality_columns: tuple[str, ...] = ()


def profiles_enter(
    *,
    actor: Actor,
    case: Case,
    file: StoredFile,
    table: ProfileTable,
    run: Run | None = None,
    reason: str = "",
) -> list[Profile]:
    """Enter a profile for every row of a table: an uploaded file of the case, or a file of a finished run of the case.

    A profile of an item that has one of the same panel supersedes it, for which a reason is needed.

    Raises:
        NotAllowed: without `profile.enter`.
        BadInput: the table cannot be read (file, row, field and remedy are named), or the file is not of the case.
        ManyErrors: every row whose item is unknown, belongs to another case or has no seizure, or that repeats what is
            known; nothing was entered.
        RuleViolation: the run is not done, or the case is closed.
    """
    require(actor, "profile.enter", case_scope(case))
    table = _table_clean(table)
    reason = text_clean(reason, field="reason")
    _file_check(file, case, run)
    read = _read(file, table)
    with transaction.atomic():
        case_open_required(case_lock(case))
        rows = _rows(case, read, table, reason)
        made = [_profile(actor, case, file, run, table, len(read.loci), row) for row in rows]
        try:
            with transaction.atomic():
                Profile.objects.bulk_create(made)
        except IntegrityError as error:
            raise BadInput(
                _("Profiles of this table were entered already."), code="entered-already", field="file", found=file.name
            ) from error
        drafts = [draft for one in made for draft in _drafts(case, one)]
        act_append(actor=actor, drafts=drafts, reason=reason)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row that can become a profile."""

    line: int
    item: ItemOfCase
    taxon: str
    loci: dict[str, list[str]]
    quality: dict[str, str]
    digest: str
    old: Profile | None


def _table_clean(table: ProfileTable) -> ProfileTable:
    if not table.taxon.strip() and not table.taxon_column.strip():
        raise BadInput(_("Give the species, or name the column that holds it."), code="required", field="taxon")
    return ProfileTable(
        panel=text_clean(table.panel, field="panel", required=True, limit=80),
        basis=text_clean(table.basis, field="basis", required=True, limit=300),
        item_column=text_clean(table.item_column, field="item_column", required=True, limit=80),
        taxon=name_bare(text_clean(table.taxon, field="taxon", limit=120)),
        taxon_column=text_clean(table.taxon_column, field="taxon_column", limit=80),
        quality_columns=tuple(name for one in table.quality_columns if (name := one.strip())),
    )


def _file_check(file: StoredFile, case: Case, run: Run | None) -> None:
    if run is not None:
        own = run.outputs.filter(file=file).exists() or run.inputs.filter(file=file).exists()
        if run.case_id != case.pk or run.state != JobState.DONE or not own:
            raise RuleViolation(
                _("Profiles come from a file of a finished run of the same case."), code="run-not-done", field="run"
            )
    elif not case_files(case).filter(pk=file.pk).exists():
        raise BadInput(
            _("«%(file)s» was not handed in for %(case)s.") % {"file": file.name, "case": case.reference},
            code="other-case",
            field="file",
            found=file.name,
        )


def _read(file: StoredFile, table: ProfileTable) -> GenotypeTable:
    """The table out of the vault; every byte is checked against the file's digest."""
    if file.size > SIZE_LIMIT:
        raise BadInput(_("The table is too large. Split it."), code="too-large", field="file", found=file.size)
    content = file_content(file)
    named = [name for name in (table.taxon_column, *table.quality_columns) if name]
    try:
        read = read_genotypes(
            content, name=file.name, layout=Layout(id=table.item_column, others=tuple(dict.fromkeys(named)))
        )
    except AnalysisError as error:
        raise BadInput(str(error), code="unreadable-table", field="file", found=file.name) from error
    if len(read) > MOST_ROWS:
        raise BadInput(
            _("%(rows)s rows are more than the %(most)s taken at once. Split the table.")
            % {"rows": len(read), "most": MOST_ROWS},
            code="too-many",
            field="file",
        )
    return read


def _rows(case: Case, read: GenotypeTable, table: ProfileTable, reason: str) -> list[_Row]:
    known = items_by_name(case=case, names=read.ids)
    items = {one.item.pk for one in known.values()}
    old = {one.item_id: one for one in profiles_current().filter(item__in=items, panel=table.panel)}
    rows: list[_Row] = []
    errors: list[DomainError] = []
    taken: dict[int, int] = {}
    for number in range(len(read)):
        try:
            row = _row(case, read, table, number, known.get(read.ids[number].upper()), old)
            _row_check(read, row, taken, reason)
            rows.append(row)
        except BadInput as error:
            errors.append(error)
    if errors:
        raise ManyErrors(errors)
    return rows


def _row(
    case: Case,
    read: GenotypeTable,
    table: ProfileTable,
    number: int,
    item: ItemOfCase | None,
    old: Mapping[int, Profile],
) -> _Row:
    place = {"file": read.name, "row": read.lines[number], "item": read.ids[number], "case": case.reference}
    if item is None:
        raise BadInput(
            _("%(file)s, row %(row)s: «%(item)s» is no item of %(case)s.") % place, code="unknown-item", field="file"
        )
    if item.seizure is None:
        raise BadInput(
            _("%(file)s, row %(row)s: %(item)s belongs to no seizure. Record the seizure of its exhibit first.")
            % place,
            code="no-seizure",
            field="file",
        )
    taxon = name_bare(read.columns[table.taxon_column][number]) if table.taxon_column else ""
    taxon = taxon or table.taxon
    loci = {
        locus: list(pair) for where, locus in enumerate(read.loci) if (pair := read.genotype(number, where)) is not None
    }
    if not taxon or len(taxon) > 120:
        raise BadInput(_("%(file)s, row %(row)s: the species is missing.") % place, code="no-species", field="file")
    if not loci:
        raise BadInput(_("%(file)s, row %(row)s: no locus is typed.") % place, code="not-typed", field="file")
    return _Row(
        line=read.lines[number],
        item=item,
        taxon=taxon,
        loci=loci,
        quality={name: read.columns[name][number][:120] for name in table.quality_columns},
        digest=sha256_hex(canonical_json({"loci": loci, "panel": table.panel, "taxon": taxon})),
        old=old.get(item.item.pk),
    )


def _row_check(read: GenotypeTable, row: _Row, taken: dict[int, int], reason: str) -> None:
    place = {"file": read.name, "row": row.line, "item": row.item.item.reference}
    if row.item.item.pk in taken:
        raise BadInput(
            _("%(file)s, row %(row)s: %(item)s has a row already. Give one consensus profile for each item.") % place,
            code="twice",
            field="file",
        )
    taken[row.item.item.pk] = row.line
    if row.old is not None and row.old.digest == row.digest:
        raise BadInput(
            _("%(file)s, row %(row)s: this profile of %(item)s is known already.") % place, code="known", field="file"
        )
    if row.old is not None and not reason:
        raise BadInput(
            _("%(file)s, row %(row)s: %(item)s has a profile of this panel. Say why the new one supersedes it.")
            % place,
            code="reason-needed",
            field="reason",
        )


def _profile(
    actor: Actor, case: Case, file: StoredFile, run: Run | None, table: ProfileTable, size: int, row: _Row
) -> Profile:
    return Profile(
        uuid=uuid4(),
        case=case,
        seizure=row.item.seizure,
        item=row.item.item,
        taxon=row.taxon,
        panel=table.panel,
        loci=row.loci,
        typed=len(row.loci),
        panel_size=size,
        digest=row.digest,
        quality=row.quality,
        basis=table.basis,
        file=file,
        row=row.line,
        run=run,
        supersedes=row.old,
        entered_by_id=actor.party_id,
        entered_at=timezone.now(),
    )


def _drafts(case: Case, one: Profile) -> Sequence[EntryDraft]:
    values: dict[str, Json] = {
        "case": str(case.uuid),
        "item": str(one.item.uuid),
        "seizure": str(one.seizure.uuid),
        "taxon": one.taxon,
        "panel": one.panel,
        "typed": one.typed,
        "digest": one.digest,
        "file": one.file.digest,
        "row": one.row,
        "run": str(one.run.uuid) if one.run else None,
        "supersedes": str(one.supersedes.uuid) if one.supersedes else None,
    }
    entered = _draft(one, "entered", values)
    return [entered, _draft(one.supersedes, "superseded", {"by": str(one.uuid)})] if one.supersedes else [entered]


def _draft(one: Profile, verb: str, values: dict[str, Json]) -> EntryDraft:
    return EntryDraft(stream=StreamKey(kind="profile", id=one.uuid), schema=PROFILE, verb=verb, values=values)
