"""Shapes of profiles, searches and links over the API."""

from typing import Any

from rest_framework import serializers

from lims.api.fields import CaseRef, Code, Input, ItemRef, Output, PartyRef, text
from lims.lab.enums import JobState
from lims.links.enums import LinkBasis, LinkStanding
from lims.links.models import LinkEntry
from lims.links.selectors.exporting import edge_values, seizure_values
from lims.links.selectors.links import LinkView
from lims.links.selectors.outside import FollowedLink


class ProfileQuery(Input):
    """Which profiles to show."""

    current = serializers.BooleanField(required=False, default=True, help_text="Only those that count now.")
    taxon = text(120)
    panel = text(80)


class ProfilesAsk(Input):
    """A table of genotypes: two columns for each locus, one row for each item."""

    file = serializers.UUIDField(help_text="A file of the case, or of the run.")
    run = serializers.UUIDField(required=False, allow_null=True, help_text="A finished run of the case.")
    panel = text(80, required=True)
    basis = text(300, required=True, help_text="How the genotypes came about.")
    item_column = serializers.CharField(max_length=80, default="item")
    taxon = text(120, help_text="The species of every row.")
    taxon_column = text(80, help_text="Or the column that holds it.")
    quality_columns = serializers.ListField(child=serializers.CharField(max_length=80), default=list, max_length=20)
    reason = text(500, help_text="Why they supersede earlier profiles, where they do.")


class ProfileShow(Output):
    """A genotype profile of an item. It never changes; a newer one may supersede it."""

    uuid = serializers.UUIDField()
    case = CaseRef()
    item = ItemRef()
    seizure = serializers.UUIDField(source="seizure.uuid")
    taxon = serializers.CharField()
    panel = serializers.CharField()
    loci = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    typed = serializers.IntegerField()
    panel_size = serializers.IntegerField()
    digest = serializers.CharField()
    quality = serializers.DictField(child=serializers.CharField())
    basis = serializers.CharField()
    file_sha256 = serializers.CharField(source="file.digest")
    row = serializers.IntegerField()
    run = serializers.UUIDField(source="run.uuid", allow_null=True, default=None)
    superseded_by = serializers.UUIDField(source="superseded_by.uuid", allow_null=True, default=None)
    entered_by = PartyRef()
    entered_at = serializers.DateTimeField()


class ProfilesShow(Output):
    """The profiles that were entered."""

    profiles = ProfileShow(many=True)


class SearchQuery(Input):
    """Which searches to show."""

    state = Code(JobState.values, required=False)


class SearchAsk(Input):
    """What is compared, and how."""

    seizures = serializers.ListField(
        child=serializers.UUIDField(),
        default=list,
        max_length=2000,
        help_text="None: all of the laboratory's casework.",
    )
    rule = text(80, help_text="A rule of the program by name; empty: the newest the laboratory signed off, if any.")
    rule_set = serializers.UUIDField(
        required=False, allow_null=True, help_text="A table of thresholds that the laboratory signed off."
    )
    frequencies = serializers.UUIDField(
        required=False, allow_null=True, help_text="Approved reference population data whose allele frequencies count."
    )
    frequencies_taxon = text(120)
    frequencies_of = text(
        120, help_text="A population or group of these data, of 20 animals or more, whose animals alone count."
    )
    theta = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=0.999)
    seed = serializers.IntegerField(default=1, min_value=0, max_value=2**62)


class SearchShow(Output):
    """A search: progress while it runs, then counts over the whole beside what chance lets expect."""

    uuid = serializers.UUIDField()
    reference = serializers.CharField()
    state = serializers.CharField()
    progress = serializers.FloatField()
    message = serializers.CharField()
    error = serializers.CharField()
    ordered_by = PartyRef()
    queued_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    method = serializers.CharField()
    method_version = serializers.CharField()
    rule = serializers.CharField()
    rule_version = serializers.CharField()
    rule_sha256 = serializers.CharField()
    rule_set = serializers.UUIDField(source="rule_set.uuid", allow_null=True, default=None)
    rule_signed_off_by = serializers.CharField(
        source="rule_set.approved_by.name", allow_null=True, default=None, help_text="Empty: nobody here did."
    )
    inputs_sha256 = serializers.CharField()
    theta = serializers.FloatField(allow_null=True)
    seed = serializers.IntegerField()
    summary = serializers.DictField()
    result_sha256 = serializers.CharField(source="result.digest", allow_null=True, default=None)


class LinkQuery(Input):
    """Which links to show; days are those of the seizures."""

    operation = text(120)
    taxon = text(120)
    basis = Code(LinkBasis.values, required=False)
    standing = Code(LinkStanding.values, required=False)
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    seizure = serializers.UUIDField(required=False)
    case = serializers.UUIDField(required=False)
    rejected = serializers.BooleanField(required=False, default=False, help_text="Rejected ones too.")


class LinkSide(Output):
    """A seizure as far as a network tells it."""

    uuid = serializers.UUIDField()
    case = serializers.CharField()
    number = serializers.IntegerField()
    country = serializers.CharField()
    seized_at = serializers.DateTimeField()
    operation = serializers.CharField()
    agency = serializers.CharField()


class LinkStep(Output):
    """An entry of a link's history."""

    number = serializers.IntegerField()
    act = serializers.CharField()
    by = PartyRef()
    at = serializers.DateTimeField()
    note = serializers.CharField()
    side = serializers.UUIDField(source="side.uuid", allow_null=True, default=None)
    search = serializers.UUIDField(source="search.uuid", allow_null=True, default=None)
    evidence_sha256 = serializers.CharField()


class LinkShow(serializers.Serializer[LinkView]):
    """A link: both seizures, where it stands, the numbers of the last find, its history."""

    reference = serializers.CharField()
    uuid = serializers.UUIDField()
    first = LinkSide()
    second = LinkSide()
    taxon = serializers.CharField()
    basis = serializers.CharField()
    standing = serializers.CharField()
    waiting = serializers.BooleanField()
    merged = serializers.BooleanField()
    released = serializers.ListField(child=serializers.UUIDField())
    similarity = serializers.FloatField()
    evidence = serializers.DictField()
    history = LinkStep(many=True)

    def to_representation(self, instance: LinkView) -> dict[str, Any]:
        """The view as plain values."""
        link, state = instance.link, instance.state
        sides = (link.first, link.second)
        words = {key: edge_values(instance)[key] for key in ("reference", "uuid", "taxon", "basis", "standing")}
        return words | {
            "first": seizure_values(link.first),
            "second": seizure_values(link.second),
            "waiting": state.waiting,
            "merged": state.merged,
            "released": [str(side.uuid) for side in sides if side.pk in state.released],
            "similarity": instance.similarity,
            "evidence": instance.evidence,
            "history": [_step(entry) for entry in instance.entries],
        }


def _step(entry: LinkEntry) -> dict[str, Any]:
    return dict(LinkStep(entry).data)


class NodeShow(LinkSide):
    """A consignment of the network; `merged` are further seizures it is made of."""

    merged = serializers.ListField(child=serializers.UUIDField())


class EdgeShow(Output):
    """A link of the network, each count beside what chance lets expect."""

    first_node = serializers.UUIDField()
    second_node = serializers.UUIDField()
    seizures = serializers.ListField(child=serializers.UUIDField())
    reference = serializers.CharField()
    uuid = serializers.UUIDField()
    taxon = serializers.CharField()
    panel = serializers.CharField()
    basis = serializers.CharField()
    standing = serializers.CharField()
    waiting = serializers.BooleanField()
    loci = serializers.IntegerField()
    direct = serializers.IntegerField()
    direct_expected = serializers.FloatField()
    kin = serializers.IntegerField()
    kin_expected = serializers.FloatField()
    p = serializers.FloatField()
    similarity = serializers.FloatField()
    method = serializers.CharField()
    method_version = serializers.CharField()
    rule = serializers.CharField()
    rule_version = serializers.CharField()
    evidence_sha256 = serializers.CharField()
    reviewer = serializers.CharField()


class NetworkShow(Output):
    """The network of links."""

    nodes = NodeShow(many=True)
    edges = EdgeShow(many=True)


class ReviewAsk(Input):
    """A reviewer's decision."""

    decision = Code(["confirmed", "rejected"])
    note = text(500, required=True)


class NoteAsk(Input):
    """Why."""

    note = text(500, required=True)


class ReleaseAsk(Input):
    """A release for one side, or its withdrawal."""

    seizure = serializers.UUIDField(help_text="The side it is for.")
    note = text(500, help_text="Needed from the laboratory: who of the agency asked, when and how.")


class OurLinkShow(serializers.Serializer[FollowedLink]):
    """A confirmed link from one of its sides: `other` and `evidence` are null until both sides have released it."""

    uuid = serializers.UUIDField()
    own = LinkSide()
    confirmed_at = serializers.DateTimeField()
    released = serializers.BooleanField()
    disclosed = serializers.BooleanField()
    other = LinkSide(allow_null=True)
    basis = serializers.CharField(allow_null=True)
    evidence = serializers.DictField(allow_null=True)

    def to_representation(self, instance: FollowedLink) -> dict[str, Any]:
        """The view as plain values; which profiles match stays with the laboratory."""
        view = instance.view
        hidden = {"matches", "seizures"}
        return {
            "uuid": str(instance.uuid),
            "own": seizure_values(instance.own),
            "confirmed_at": instance.confirmed_at.isoformat(),
            "released": instance.released,
            "disclosed": instance.disclosed,
            "other": seizure_values(instance.other) if instance.other else None,
            "basis": view.basis if view else None,
            "evidence": {key: told for key, told in view.evidence.items() if key not in hidden} if view else None,
        }
