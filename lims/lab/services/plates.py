"""A plate of traces handed in at once: paired, checked and kept row by row, each good row queued as a run."""

import io
import lzma
import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.errors import CustodyError
from chain_of_custody.models import Item, StoredFile
from lims.accounts.actors import Actor, require
from lims.casework.selectors.cases import item_case, item_get, item_visible
from lims.casework.selectors.items import RELATED
from lims.common.errors import BadInput, DomainError, NotFound
from lims.lab.models import Batch, BatchControl, Plate, PlateSample, ReferenceSet, Run
from lims.lab.rules.plates import MOST_ROWS, MapRefused, PlateRow, pairs_by_map, pairs_by_name, references_in, well_of
from lims.lab.selectors.pages import declared_taxon
from lims.lab.services.rawfiles import RawFile, raw_files_store
from lims.lab.services.runs import run_queue
from lims.lab.services.screens import control_sequence_add

METHOD = "species.identify"
LARGEST_TRACE = 16 << 20
LARGEST_ARCHIVE = 512 << 20
Files = Sequence[tuple[str, BinaryIO]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    row: PlateRow
    item: Item | None
    problem: str


def plate_receive(
    *,
    actor: Actor,
    files: Files,
    reference: ReferenceSet,
    batch: Batch | None = None,
    plate_map: bytes | None = None,
    items: Sequence[Item] = (),
) -> Plate:
    """Take in trace files (or archives of them), pair them, keep them with their items and queue a run for each pair.

    Rows are independent: one that cannot be used is told with its reason and keeps nothing; the others go on. Pairs are
    made by `plate_map` (see `rules.plates`), else by references of items in the names, or by the wells of the batch.
    Traces in the well of a control are kept as that control's, to screen samples against.

    Raises:
        BadInput: no file, too many, an archive or a map that cannot be read.
        NotAllowed: without `run.start` in any scope; without it in the case of a row, that row is refused.
    """
    if not actor.may_somewhere("run.start"):
        require(actor, "run.start")
    given = dict(_unpacked(files))
    if not given:
        raise BadInput(_("Choose the traces of the plate."), code="required", field="files")
    known, controls = _known(batch, [*items, *_items_named(actor, given)]), _controls(batch)
    rows, by_key = _pairs(given, plate_map, known, controls), dict(known.values())
    with transaction.atomic():
        plate = Plate.objects.create(
            uuid=uuid4(),
            batch=batch,
            reference_set=reference,
            handed_in_by_id=actor.party_id,
            handed_in_at=timezone.now(),
        )
        samples = [
            _control(actor, plate, number, row, given, controls[row.item])
            if row.item in controls and not row.problem
            else _sample(actor, plate, number, row, given, by_key)
            for number, row in enumerate(rows, start=1)
        ]
        PlateSample.objects.bulk_create(samples)
    return plate


def _pairs(
    given: Collection[str],
    plate_map: bytes | None,
    known: Mapping[str, tuple[str, Item]],
    controls: Collection[str],
) -> Sequence[PlateRow]:
    """Names of traces in pairs, by the map or else by what is known of items and wells."""
    spellings = {spelling: key for spelling, (key, _item) in known.items()}
    spellings |= {well: well for well in controls if well not in spellings}
    try:
        return pairs_by_map(plate_map, given) if plate_map else pairs_by_name(list(given), spellings)
    except MapRefused as error:
        raise BadInput(str(error), code="bad-map", field="plate_map") from error


def _items_named(actor: Actor, names: Collection[str]) -> list[Item]:
    """Items whose whole reference stands in a name; of those the actor may hand in no file for, nobody learns."""
    spelt = set[str]().union(*map(references_in, names))
    found = Item.objects.select_related(*RELATED).filter(reference__in=spelt)
    return [item for item in found if item_visible(item, actor, "file.upload")]


def _known(batch: Batch | None, items: Sequence[Item]) -> dict[str, tuple[str, Item]]:
    """Spellings of references and wells, each with its key and item."""
    found: dict[str, tuple[str, Item]] = {}
    in_batch = list(batch.items.select_related("item")) if batch else []
    for item in [*items, *(row.item for row in in_batch)]:
        found["".join(sign for sign in item.reference.upper() if sign.isalnum())] = (item.reference, item)
    for row in in_batch:
        if well := well_of(row.position):
            found[well] = (row.item.reference, row.item)
    return found


def _controls(batch: Batch | None) -> dict[str, BatchControl]:
    """Controls of the batch by their wells."""
    rows = batch.controls.order_by("pk") if batch else ()
    return {well: one for one in rows if (well := well_of(one.position))}


def _control(
    actor: Actor, plate: Plate, number: int, row: PlateRow, given: Mapping[str, BinaryIO], control: BatchControl
) -> PlateSample:
    """Traces of a control: kept as its sequences; no run is queued for them."""
    names = [name for name in (row.forward, row.reverse) if name]
    made = PlateSample(plate=plate, number=number, place=row.place[:40], names=", ".join(names)[:300], control=control)
    try:
        with transaction.atomic():
            for name in names:
                control_sequence_add(actor=actor, control=control, name=name, source=given[name])
    except (DomainError, CustodyError) as error:
        made.problem = _words(error)[:500]
    return made


def _unpacked(files: Files) -> list[tuple[str, BinaryIO]]:
    """Files under their bare names, those of archives among them."""
    found: dict[str, BinaryIO] = {}
    for name, source in files:
        members = _members(name, source) if name.lower().endswith(".zip") else [(name, source)]
        for member, stream in members:
            bare = member.replace("\\", "/").rsplit("/", 1)[-1]
            if bare in found:
                raise BadInput(
                    _("Two files are called «%(file)s».") % {"file": bare}, code="twice", field="files", found=bare
                )
            found[bare] = stream
    if len(found) > 2 * MOST_ROWS:
        raise BadInput(
            _("A plate has at most %(n)s traces.") % {"n": 2 * MOST_ROWS},
            code="too-many",
            field="files",
            found=len(found),
        )
    return list(found.items())


def _members(name: str, source: BinaryIO) -> list[tuple[str, BinaryIO]]:
    try:
        packed = zipfile.ZipFile(source)
        entries = [one for one in packed.infolist() if not one.is_dir() and not _hidden(one.filename)]
        large = next((one for one in entries if one.file_size > LARGEST_TRACE), None)
        if large is not None or sum(one.file_size for one in entries) > LARGEST_ARCHIVE or len(entries) > 2 * MOST_ROWS:
            raise BadInput(
                _("«%(file)s» unpacks to more than a plate of traces.") % {"file": name},
                code="too-large",
                field="files",
            )
        return [(one.filename, _open(packed, one)) for one in entries]
    except (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise BadInput(
            _("«%(file)s» is no archive that can be read: %(why)s") % {"file": name, "why": error},
            code="unreadable-file",
            field="files",
            found=name,
        ) from error


def _open(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BinaryIO:
    """The bytes of a member, no more than it declares, whatever the stream holds."""
    with packed.open(entry) as stream:
        return io.BytesIO(stream.read(LARGEST_TRACE + 1))


def _hidden(name: str) -> bool:
    """Notes that file managers leave in archives."""
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _sample(
    actor: Actor, plate: Plate, number: int, row: PlateRow, given: Mapping[str, BinaryIO], by_key: Mapping[str, Item]
) -> PlateSample:
    names = ", ".join(name for name in (row.forward, row.reverse) if name)[:300]
    made = PlateSample(plate=plate, number=number, place=row.place[:40], names=names, problem=row.problem[:500])
    if row.problem:
        return made
    try:
        with transaction.atomic():
            made.item = by_key.get(row.item) or item_get(actor=actor, key=row.item, capability="file.upload")
            stored = _stored(actor, made.item, row, given)
            made.forward, made.reverse = stored.get("trace_forward"), stored.get("trace_reverse")
            made.run = _queued(actor, plate, made.item, row, stored)
    except (DomainError, CustodyError) as error:
        return PlateSample(plate=plate, number=number, place=row.place[:40], names=names, problem=_words(error)[:500])
    return made


def _stored(actor: Actor, item: Item, row: PlateRow, given: Mapping[str, BinaryIO]) -> dict[str, StoredFile]:
    files = [
        RawFile(role=role, name=name, source=given[name])
        for role, name in (("trace_forward", row.forward), ("trace_reverse", row.reverse))
        if name
    ]
    return dict(zip([one.role for one in files], raw_files_store(actor=actor, item=item, files=files), strict=True))


def _queued(actor: Actor, plate: Plate, item: Item, row: PlateRow, stored: Mapping[str, StoredFile]) -> Run:
    case = item_case(item)
    if case is None:
        raise NotFound(_("Files belong to items of a case."), code="no-case", field="item")
    parameters: dict[str, Json] = {"name": row.place or item.reference}
    if declared := row.declared or declared_taxon(item):
        parameters["declared"] = declared
    return run_queue(
        actor=actor,
        case=case,
        method=METHOD,
        inputs=list(stored.items()),
        item=item,
        batch=plate.batch,
        reference=plate.reference_set,
        parameters=parameters,
    )


def _words(error: DomainError | CustodyError) -> str:
    parts = getattr(error, "errors", None)
    return "; ".join(str(one) for one in parts) if parts else str(error)
