"""The port container's reports and disclosure: sent back, issued, amended; requested, packed, delivered."""

from datetime import timedelta

from django.utils import timezone

from lims.demonstration.acts import points_pass, review_pass, sign
from lims.demonstration.working import pack_complete
from lims.demonstration.world import Step, World
from lims.disclosure.selectors.requests import evidence_get, pack_get
from lims.disclosure.services.packs import pack_order, pack_read
from lims.disclosure.services.requests import Withholding, evidence_decide, evidence_request
from lims.lab.models import Finding
from lims.lab.selectors.work import finding_get, request_get
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.reports import ReportFacts, report_change, report_draft, report_submit
from lims.lab.services.reviews import review_answer, review_decide, review_open, review_point_set

_QUESTION = "From which species are the scales, horn pieces and medicines, and where do the sampled tusks come from?"
_DECLARATION = (
    "This report belongs to a demonstration. It is SYNTHETIC and is not evidence.\n"
    "The results relate only to the items tested."
)
_LIMITS = (
    "Sixteen of 511 tusks were examined; nothing is said of the others one by one.\n"
    "Horn pieces 3 and 4 and the capsules were not examined."
)


def _findings(world: World) -> list[Finding]:
    actor = world.actor("analyst")
    found = [finding_get(actor=actor, uuid=world.uuid(name)) for name in world.names("finding.")]
    return [one for one in found if one.replaced_by_id is None]


def _facts(world: World, *, limits: str) -> ReportFacts:
    return ReportFacts(
        title="Species and origin of wildlife products from container MRKU 481220-7",
        question=_QUESTION,
        findings=_findings(world),
        limits=limits,
        declaration=_DECLARATION,
        recipients=("Harbour Customs", "Office of the Public Prosecutor"),
        not_examined=[
            (world.item("exhibit.horn_3"), "Not asked"),
            (world.item("exhibit.horn_4"), "Not asked"),
            (world.item("exhibit.parrots"), "Live animals, identified by the veterinarian"),
            (world.item("exhibit.rifle"), "Police armourer"),
        ],
    )


def _draft(world: World) -> None:
    analyst = world.actor("analyst")
    report = report_draft(
        actor=analyst,
        case=world.case("case.port"),
        facts=_facts(world, limits=""),
        request=request_get(actor=analyst, uuid=world.uuid("request.port")),
    )
    world.keep("report.first", report.uuid)
    world.clock.forward(hours=2)
    report_submit(actor=analyst, report=report, version=report.version)


def _sent_back(world: World) -> None:
    reviewer = world.actor("reviewer")
    review = review_open(actor=reviewer, report=world.report("report.first"))
    points_pass(world, "reviewer", review, but=("limits",))
    review_point_set(
        actor=reviewer,
        review=review,
        key="limits",
        passed=False,
        comment="The draft does not say how many tusks were drawn from how many, nor what was not examined.",
    )
    world.clock.forward(minutes=5)
    review_decide(actor=reviewer, review=review, agree=False, note="State the draw and what was not examined.")
    world.keep("review.first", review.uuid)


def _changed(world: World) -> None:
    analyst, report = world.actor("analyst"), world.report("report.first")
    report = report_change(actor=analyst, report=report, version=report.version, facts=_facts(world, limits=_LIMITS))
    for review in report.reviews.filter(uuid=world.uuid("review.first")):
        for point in review.points.filter(passed=False):
            review_answer(actor=analyst, point=point, answer="Added: the draw, its size, and the items not examined.")
    world.clock.forward(minutes=50)
    report_submit(actor=analyst, report=report, version=report.version)


def _issued(world: World) -> None:
    report = review_pass(world, "reviewer", world.report("report.first"), note="The point is met.")
    world.clock.forward(hours=3)
    report = review_pass(world, "manager", report)
    world.clock.forward(hours=1)
    sign(world, "reviewer", report)


def _corrected(world: World) -> None:
    """A finding said more than its reference set allows: it is replaced, and the report with it."""
    analyst = world.actor("analyst")
    old = finding_get(actor=analyst, uuid=world.uuid("finding.horn_2"))
    new = finding_record(
        actor=analyst,
        case=world.case("case.port"),
        item=old.item,
        outcome=old.outcome,
        facts=FindingFacts(
            text=f"The sequence was identified as the genus {old.name_found}. It was declared as rhinoceros horn; "
            "by this result it is none. Which species of the genus it is was not resolved.",
            identification=old.identification,
            name_found=old.name_found,
            name_cites=old.name_cites,
            basis=old.basis,
        ),
        replaces=old,
        reason="The answer to the declared material was missing.",
    )
    world.keep("finding.horn_2_corrected", new.uuid)
    world.clock.forward(hours=1)
    report = report_draft(
        actor=analyst,
        case=world.case("case.port"),
        facts=_facts(world, limits=_LIMITS),
        request=request_get(actor=analyst, uuid=world.uuid("request.port")),
        replaces=world.report("report.first"),
        replace_reason="The finding on horn piece 2 now answers what was declared. All other findings are unchanged.",
    )
    world.keep("report.amended", report.uuid)
    report_submit(actor=analyst, report=report, version=report.version)


def _amended(world: World) -> None:
    report = review_pass(world, "reviewer", world.report("report.amended"))
    world.clock.forward(hours=2)
    report = review_pass(world, "manager", report)
    world.clock.forward(minutes=30)
    sign(world, "reviewer", report)


def _requested(world: World) -> None:
    request = evidence_request(
        actor=world.actor("prosecutor"),
        case=world.case("case.port"),
        legal_basis="Criminal Procedure Code, section 42A (disclosure to the defence)",
        scope="Both reports, raw and result files, custody of every item",
        reports=[world.report("report.first"), world.report("report.amended")],
        needed_on=(timezone.localtime() + timedelta(days=10)).date(),
    )
    world.keep("disclosure.request", request.uuid)


def _approved(world: World) -> None:
    manager = world.actor("manager")
    request = evidence_get(actor=manager, uuid=world.uuid("disclosure.request"))
    withheld = [
        Withholding(
            kind="field",
            field=field,
            description=description,
            rule="Protection of an informant",
            decided_by="Magistrates' court Meridian, order 2216-4",
        )
        for field, description in (
            ("place.name", "Exact place of the seizure"),
            ("place.latitude", "Latitude of the seizure"),
            ("place.longitude", "Longitude of the seizure"),
        )
    ]
    request = evidence_decide(actor=manager, request=request, version=request.version, approve=True, withheld=withheld)
    pack = pack_order(actor=manager, request=request)
    world.keep("disclosure.pack", pack.uuid)


def _built(world: World) -> None:
    pack_complete(pack_get(actor=world.actor("manager"), key=world.uuid("disclosure.pack")))


def _delivered(world: World) -> None:
    prosecutor = world.actor("prosecutor")
    pack = pack_get(actor=prosecutor, key=world.uuid("disclosure.pack"))
    with pack_read(actor=prosecutor, pack=pack) as (_file, chunks):
        for _chunk in chunks:
            pass


STEPS = (
    Step(name="port: report drafted", days=8, at="10:00", do=_draft),
    Step(name="port: report sent back", days=7, at="09:20", do=_sent_back),
    Step(name="port: report changed", days=7, at="14:00", do=_changed),
    Step(name="port: report issued", days=6, at="09:00", do=_issued),
    Step(name="port: finding corrected", days=4, at="10:00", do=_corrected),
    Step(name="port: report amended", days=3, at="09:00", do=_amended),
    Step(name="port: evidence requested", days=2, at="10:30", do=_requested),
    Step(name="port: disclosure approved", days=1, at="09:30", do=_approved),
    Step(name="port: pack built", days=1, at="09:32", do=_built, atomic=False),
    Step(name="port: pack delivered", days=1, at="11:05", do=_delivered),
)
