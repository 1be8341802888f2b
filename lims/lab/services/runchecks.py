"""What is checked before a run is queued: files, roles, references, parameters. Nothing here writes."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from analysis.individual.regions import FEWEST
from analysis.registry import METHODS
from chain_of_custody.core.canonical import Json
from chain_of_custody.models import Item, StoredFile
from lims.accounts.actors import Actor
from lims.casework.models import Case, ExhibitComponent
from lims.casework.selectors.cases import item_case
from lims.casework.services.belonging import component_of_item_check
from lims.common.errors import BadInput, RuleViolation
from lims.lab.enums import ReferenceKind, ReferenceState
from lims.lab.models import EditLayer, ReferenceSet, RunInput
from lims.lab.rules.methods import METHOD_SHAPES, MethodShape, Parameter
from lims.lab.selectors.files import files_readable
from lims.lab.selectors.referenceaccess import reference_usable_by
from lims.lab.selectors.regions import reference_regions


def shape_of(method: str) -> MethodShape:
    """What a run of the method is started with.

    Raises:
        BadInput: there is no such method.
    """
    if method not in METHODS:
        raise BadInput(
            _("«%(found)s» is not a method here. Use one of %(methods)s.")
            % {"found": method, "methods": ", ".join(METHODS)},
            code="unknown-method",
            field="method",
            found=method,
        )
    return METHOD_SHAPES[method]


def inputs_check(
    case: Case, item: Item | None, component: ExhibitComponent | None, inputs: Sequence[tuple[str, StoredFile]]
) -> None:
    """There are files, all of the case, and the item and its component are of it too. Raises `BadInput`."""
    if not inputs:
        raise BadInput(_("Choose the files to analyse."), code="required", field="inputs")
    if item is not None:
        owner = item_case(item)
        if owner is None or owner.pk != case.pk:
            raise BadInput(
                _("%(item)s is not an item of %(case)s.") % {"item": item.reference, "case": case.reference},
                code="other-case",
                field="item",
                found=item.reference,
            )
        component_of_item_check(component, item)
    elif component is not None:
        raise BadInput(_("Name the item that the component is part of."), code="required", field="item")
    readable = files_readable(case).filter(pk__in=[file.pk for _role, file in inputs])
    known = set(readable.values_list("pk", flat=True))
    for row, (_role, file) in enumerate(inputs):
        if file.pk not in known:
            raise BadInput(
                _("There is no such file in %(case)s.") % {"case": case.reference},
                code="unknown-file",
                field="file",
                found=str(file.uuid),
                row=row,
            )


def _layer_check(inputs: Sequence[tuple[str, StoredFile]]) -> None:
    """Edits come from a layer whose edits a second person agreed to, made over the very traces of this run."""
    traces = {file.digest for role, file in inputs if role.startswith("trace_")}
    for _role, file in (pair for pair in inputs if pair[0] == "edits"):
        layer = EditLayer.objects.filter(file=file).first()
        rows = RunInput.objects.filter(run=layer.run_id if layer else None, role__startswith="trace_")
        if layer is None or set(rows.values_list("file__digest", flat=True)) != traces:
            raise BadInput(
                _("«%(file)s» is no layer of agreed edits over these traces.") % {"file": file.name},
                code="no-edit-layer",
                field="file",
                found=file.name,
            )


def references_check(
    actor: Actor,
    shape: MethodShape,
    reference: ReferenceSet | None,
    second: ReferenceSet | None,
    *,
    repeats: bool = False,
) -> None:
    """Each reference is there, of the kind the method needs, approved, and the actor's to use.

    A run that repeats another (`repeats`) has its references, also where they were retired since: whether an old result
    holds can be asked at any time.
    """
    _reference_check(actor, shape.kinds, reference, "reference", repeats=repeats)
    _reference_check(actor, shape.second_kinds, second, "second_reference", repeats=repeats)
    if shape.places and reference is not None and not reference.parameters.get("latitude_column"):
        raise RuleViolation(
            _("%(name)s has no coordinates, so no map can be made of it. Choose a set that names their columns.")
            % {"name": str(reference)},
            code="no-coordinates",
            field="reference",
        )


def _reference_check(
    actor: Actor, kinds: tuple[ReferenceKind, ...], reference: ReferenceSet | None, field: str, *, repeats: bool
) -> None:
    wanted = " / ".join(str(kind.label) for kind in kinds)
    if reference is None:
        if kinds:
            raise BadInput(
                _("This method needs a reference: «%(wanted)s».") % {"wanted": wanted}, code="required", field=field
            )
        return
    if reference.kind not in kinds:
        raise RuleViolation(
            _("%(name)s is «%(kind)s»; this method needs «%(wanted)s».")
            % {"name": str(reference), "kind": reference.get_kind_display(), "wanted": wanted or "–"},
            code="other-kind",
            field=field,
        )
    if not reference_usable_by(actor=actor, reference=reference):
        raise RuleViolation(
            _("%(name)s is restricted. Ask quality for a grant.") % {"name": str(reference)},
            code="not-granted",
            field=field,
        )
    if reference.state == ReferenceState.RETIRED:
        if repeats:
            return
        raise RuleViolation(
            _("%(name)s is retired: no new run uses it. Choose a set in use, or repeat the run that used it.")
            % {"name": str(reference)},
            code="retired",
            field=field,
        )
    if reference.state != ReferenceState.APPROVED:
        raise RuleViolation(
            _("%(name)s is not approved for casework. Ask quality to approve it.") % {"name": str(reference)},
            code="not-approved",
            field=field,
        )


def parameters_check(shape: MethodShape, parameters: Mapping[str, Json]) -> None:
    """Every parameter is one the method knows, of its type and within its bounds, and none that it needs is missing.

    Raises:
        BadInput: the first that is not; `field` is its name.
    """
    known = {one.name: one for one in shape.parameters}
    for name in parameters:
        if name not in known:
            raise BadInput(
                _("This method has no parameter «%(name)s». It knows %(known)s.")
                % {"name": name, "known": ", ".join(known) or "–"},
                code="unknown-parameter",
                field="parameters",
                found=name[:60],
            )
    for name, one in known.items():
        problem = one.problem(parameters.get(name))
        if problem:
            raise BadInput(_wrong(one, problem), code=problem, field=name, found=str(parameters.get(name))[:60])


def region_check(reference: ReferenceSet | None, name: str, *, field: str = "frequencies_of") -> None:
    """The region whose frequencies count is one of the reference, with enough animals.

    Raises:
        BadInput: it is not, or has too few; the words name what there is.
    """
    if not name:
        return
    regions = reference_regions(reference) if reference else {}
    if not regions:
        raise BadInput(
            _("Only reference population data have populations and groups. Choose them, or leave «%(name)s» away.")
            % {"name": name},
            code="no-regions",
            field=field,
            found=name[:60],
        )
    if name not in regions:
        raise BadInput(
            _("«%(name)s» is no population or group of %(reference)s. There are: %(known)s.")
            % {"name": name, "reference": str(reference), "known": ", ".join(list(regions)[:12])},
            code="unknown-region",
            field=field,
            found=name[:60],
        )
    if regions[name] < FEWEST:
        raise BadInput(
            _("«%(name)s» has %(n)s animals; frequencies need %(least)s. Take a larger group, or the whole set.")
            % {"name": name, "n": regions[name], "least": FEWEST},
            code="too-few-animals",
            field=field,
            found=name[:60],
        )


def _wrong(one: Parameter, problem: str) -> str:
    place = {"name": one.name, "least": one.least, "most": one.most, "choices": ", ".join(one.choices)}
    if problem == "required":
        return _("«%(name)s» is needed.") % place
    if problem == "unknown":
        return _("«%(name)s» is one of %(choices)s.") % place
    if problem == "out-of-range":
        return _("«%(name)s» lies from %(least)s to %(most)s.") % place
    kinds = {
        "text": _("a text"),
        "whole": _("a whole number"),
        "number": _("a number"),
        "flag": _("true or false"),
        "table": _("an object of numbers by name"),
    }
    return _("«%(name)s» is %(kind)s.") % {"name": one.name, "kind": kinds[one.kind]}


def roles_check(shape: MethodShape, inputs: Sequence[tuple[str, StoredFile]]) -> None:
    """Every file is in a role that the method reads, once where it reads one, and no role it needs is empty.

    Raises:
        BadInput: the first role that is not.
    """
    known = {one.name: one for one in shape.roles}
    given = [role for role, _file in inputs]
    for row, role in enumerate(given):
        if role not in known:
            raise BadInput(
                _("«%(role)s» is no role of files here. Use %(roles)s.") % {"role": role, "roles": ", ".join(known)},
                code="unknown-role",
                field="role",
                found=role,
                row=row,
            )
    for name, one in known.items():
        count = given.count(name)
        if (one.needed and not count) or (count > 1 and not one.several):
            raise BadInput(
                _("One file in the role «%(role)s» is needed, %(n)s were given.") % {"role": name, "n": count},
                code="bad-count",
                field="inputs",
                found=str(count),
            )
    _layer_check(inputs)


def ledger_value(value: Json) -> Json:
    """A parameter as the ledger keeps it: decimals as text, as everywhere in it."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {key: ledger_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [ledger_value(one) for one in value]
    return value
