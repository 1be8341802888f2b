"""Examination requests, batches, analysis runs, findings and reference sets over the API."""

from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from lims.api.base import Pointing, View, created, if_match
from lims.api.fields import Input, text
from lims.api.lab_shapes import (
    RUN_FIELDS,
    BatchAsk,
    BatchShow,
    ControlAsk,
    ControlShow,
    DecisionAsk,
    DispositionAsk,
    ExaminationAsk,
    ExaminationShow,
    FindingAsk,
    FindingShow,
    ReferenceAsk,
    ReferenceShow,
    ReferenceWordAsk,
    RunAsk,
    RunShow,
)
from lims.api.operations import acts, creates, edits, lists, reads
from lims.casework.selectors.cases import case_get, item_get
from lims.casework.selectors.naming import item_named
from lims.casework.selectors.parts import component_get
from lims.lab.models import ReferenceSet
from lims.lab.selectors.files import run_files_get
from lims.lab.selectors.work import (
    batch_cases,
    batch_get,
    batch_list,
    control_get,
    finding_get,
    finding_list,
    outcome_get,
    reference_get,
    reference_list,
    request_get,
    request_list,
    run_get,
    run_list,
)
from lims.lab.services.batches import ControlSpec, batch_dispose, batch_open, batch_release, control_read
from lims.lab.services.builds import build_cancel
from lims.lab.services.findings import FindingFacts, finding_record
from lims.lab.services.references import reference_approve, reference_propose, reference_retire
from lims.lab.services.requests import Asked, examination_decide, examination_request
from lims.lab.services.runs import run_cancel, run_queue, run_rerun


class StateQuery(Input):
    """Which of them to show."""

    state = text(30, help_text="Only those in this state.")


class LabView(View):
    """A view of the laboratory's work."""

    def item(self, named: str) -> Any:
        """An item by UUID, reference or scan code, when one may see its case."""
        return item_named(actor=self.actor, key=named)

    def reference(self, uuid: UUID | None) -> ReferenceSet | None:
        """A reference set that one may see; None where none is named."""
        return reference_get(actor=self.actor, uuid=uuid) if uuid else None

    def case(self, key: str, *, capability: str = "case.read", seen: bool = False) -> Any:
        """A case, when one may see it; `seen` records that its content is shown."""
        row = case_get(actor=self.actor, key=key, capability=capability)
        if seen:
            self.shows(row)
        return row


class Examinations(LabView):
    """Examination requests of a case."""

    @lists("examination_list", ExaminationShow, area="examinations")
    def get(self, request: Request, case: str) -> Response:
        """Requests of the case, newest first."""
        return self.page(
            request_list(actor=self.actor, case=self._case(case)), ExaminationShow, seen=lambda one: one.case
        )

    @creates("examination_create", ExaminationAsk, ExaminationShow, area="examinations")
    def post(self, request: Request, case: str) -> Response:
        """Ask questions about items of the case."""
        data = self.body(ExaminationAsk)
        row = self._case(case)
        lines = [
            Asked(
                item=item_get(actor=self.actor, key=line["item"], capability="examination.request"),
                question=line["question"],
                component=component_get(uuid=line["component"]) if line.get("component") else None,
                note=line.get("note", ""),
            )
            for line in data.pop("lines")
        ]
        made = examination_request(actor=self.actor, case=row, lines=lines, **data)
        location = f"/api/v1/examination-requests/{made.uuid}/"
        return created(ExaminationShow(made).data, location=location, version=made.version)

    def _case(self, key: str) -> Any:
        capability = "case.read" if self.actor.may_somewhere("case.read") else "examination.request"
        return case_get(actor=self.actor, key=key, capability=capability)


class Examination(LabView):
    """One examination request."""

    @reads("examination_get", ExaminationShow, area="examinations")
    def get(self, request: Request, uuid: UUID) -> Response:
        """The request with its questions."""
        row = request_get(actor=self.actor, uuid=uuid)
        self.shows(row.case, kind="request", subject=row.uuid, reference=row.reference)
        return self.one(row, ExaminationShow, version=row.version)


class ExaminationDecision(LabView):
    """Contract review of an examination request."""

    @edits("examination_decide", DecisionAsk, ExaminationShow, area="examinations")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Accept or decline (ISO/IEC 17025 7.1)."""
        row = request_get(actor=self.actor, uuid=uuid)
        done = examination_decide(actor=self.actor, request=row, version=if_match(request), **self.body(DecisionAsk))
        return self.one(done, ExaminationShow, version=done.version)


class Batches(LabView):
    """Bench batches."""

    @lists("batch_list", BatchShow, area="batches", query=StateQuery)
    def get(self, request: Request) -> Response:
        """Batches, newest first."""
        rows = batch_list(actor=self.actor, state=self.query(StateQuery).get("state", ""))
        return self.page(rows, BatchShow, index="batch list")

    @creates("batch_create", BatchAsk, BatchShow, area="batches")
    def post(self, request: Request) -> Response:
        """Open a batch of items with its controls."""
        data = self.body(BatchAsk)
        items = [(self.item(row["item"]), row.get("position", "")) for row in data.pop("items")]
        controls = [ControlSpec(**row) for row in data.pop("controls")]
        plate = self.item(data.pop("plate")) if data.get("plate") else data.pop("plate", None)
        made = batch_open(actor=self.actor, items=items, controls=controls, plate=plate, **data)
        return created(BatchShow(made).data, location=f"/api/v1/batches/{made.uuid}/", version=made.version)


class Batch(LabView):
    """One batch."""

    @reads("batch_get", BatchShow, area="batches")
    def get(self, request: Request, uuid: UUID) -> Response:
        """The batch with its items and controls."""
        row = batch_get(actor=self.actor, key=uuid)
        self.shows(*batch_cases(row), kind="batch", subject=row.uuid, reference=row.reference)
        return self.one(row, BatchShow, version=row.version)


class BatchControl(LabView):
    """A control of a batch."""

    @acts("control_read", ControlAsk, ControlShow, area="batches")
    def post(self, request: Request, uuid: UUID, pk: int) -> Response:
        """Read the control; a failed one blocks the batch at once."""
        batch = batch_get(actor=self.actor, key=uuid)
        control = control_get(actor=self.actor, batch=batch, pk=pk)
        return Response(ControlShow(control_read(actor=self.actor, control=control, **self.body(ControlAsk))).data)


class BatchRelease(LabView):
    """The release of a batch whose controls passed."""

    @acts("batch_release", None, BatchShow, area="batches")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Release the batch."""
        return Response(BatchShow(batch_release(actor=self.actor, batch=batch_get(actor=self.actor, key=uuid))).data)


class BatchDisposition(LabView):
    """Quality's word on a blocked batch."""

    @acts("batch_dispose", DispositionAsk, BatchShow, area="batches")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Release with the cause explained, or reject."""
        batch = batch_get(actor=self.actor, key=uuid)
        return Response(BatchShow(batch_dispose(actor=self.actor, batch=batch, **self.body(DispositionAsk))).data)


class Runs(LabView):
    """Analysis runs of a case."""

    pointing = Pointing(rows="inputs", fields=RUN_FIELDS)

    @lists("run_list", RunShow, area="runs", query=StateQuery)
    def get(self, request: Request, case: str) -> Response:
        """Runs of the case, newest first."""
        row = self.case(case)
        rows = run_list(actor=self.actor, case=row, state=self.query(StateQuery).get("state", ""))
        return self.page(rows, RunShow, seen=lambda run: run.case)

    @creates("run_create", RunAsk, RunShow, area="runs", status=202)
    def post(self, request: Request, case: str) -> Response:
        """Queue a run: 202 with the address where it can be followed."""
        data = self.body(RunAsk)
        row = self.case(case)
        files = run_files_get(actor=self.actor, uuids=[one["file"] for one in data["inputs"]], case=row)
        run = run_queue(
            actor=self.actor,
            case=row,
            method=data["method"],
            inputs=[(one["role"], files[one["file"]]) for one in data["inputs"]],
            item=self.item(data["item"]) if data.get("item") else None,
            component=component_get(uuid=data["component"]) if data.get("component") else None,
            batch=batch_get(actor=self.actor, key=data["batch"]) if data.get("batch") else None,
            reference=self.reference(data.get("reference_set")),
            second=self.reference(data.get("second_set")),
            parameters=data.get("parameters") or {},
            seed=data["seed"],
        )
        return accepted(run_get(actor=self.actor, key=run.uuid))


class Run(LabView):
    """One analysis run: the job's address."""

    @reads("run_get", RunShow, area="runs")
    def get(self, request: Request, uuid: UUID) -> Response:
        """State, progress, inputs by digest and, once done, outcomes and result files."""
        row = run_get(actor=self.actor, key=uuid)
        self.shows(row.case, kind="run", subject=row.uuid, reference=row.reference)
        return self.one(row, RunShow)


class RunCancel(LabView):
    """The wish to stop a run."""

    @creates("run_cancel", None, RunShow, area="runs", status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Ask the run to stop: at once when it waits, at its next step when it runs."""
        run_cancel(actor=self.actor, run=run_get(actor=self.actor, key=uuid))
        return accepted(run_get(actor=self.actor, key=uuid))


class RunRerun(LabView):
    """A repetition of a run's computation."""

    @creates("run_rerun", None, RunShow, area="runs", status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Compute again from the same files, reference, parameters and seed; `identical` says how it compares."""
        again = run_rerun(actor=self.actor, run=run_get(actor=self.actor, key=uuid))
        return accepted(run_get(actor=self.actor, key=again.uuid))


class Findings(LabView):
    """Findings and opinions of a case."""

    @lists("finding_list", FindingShow, area="findings")
    def get(self, request: Request, case: str) -> Response:
        """Findings that hold now, oldest first."""
        return self.page(
            finding_list(actor=self.actor, case=self.case(case)), FindingShow, seen=lambda finding: finding.case
        )

    @creates("finding_create", FindingAsk, FindingShow, area="findings")
    def post(self, request: Request, case: str) -> Response:
        """Record a finding or, apart from it, an opinion."""
        data = self.body(FindingAsk)
        row = self.case(case)
        run, number = data.pop("run", None), data.pop("outcome", None)
        replaces, component = data.pop("replaces", None), data.pop("component", None)
        item, reason = data.pop("item"), data.pop("reason", "")
        outcome = None
        if run is not None:
            outcome = outcome_get(actor=self.actor, run=run_get(actor=self.actor, key=run), number=number or 1)
        made = finding_record(
            actor=self.actor,
            case=row,
            item=self.item(item),
            facts=FindingFacts(**data),
            component=component_get(uuid=component) if component else None,
            outcome=outcome,
            replaces=finding_get(actor=self.actor, uuid=replaces) if replaces else None,
            reason=reason,
        )
        return created(FindingShow(made).data, location=f"/api/v1/cases/{row.uuid}/findings/")


class References(LabView):
    """Reference sets."""

    parser_classes = [MultiPartParser]

    @lists("reference_list", ReferenceShow, area="references", query=StateQuery)
    def get(self, request: Request) -> Response:
        """Reference sets, newest first."""
        rows = reference_list(actor=self.actor, state=self.query(StateQuery).get("state", ""))
        return self.page(rows, ReferenceShow)

    @creates("reference_create", ReferenceAsk, ReferenceShow, area="references", status=202)
    def post(self, request: Request) -> Response:
        """Propose a reference from its source files: 202 with the address where its build can be followed.

        It is used once it is built and a second person has approved it.
        """
        data = self.body(ReferenceAsk)
        uploads = data.pop("files")
        made = reference_propose(actor=self.actor, files=[(one.name, one) for one in uploads], **data)
        return _building(reference_get(actor=self.actor, uuid=made.uuid))


class Reference(LabView):
    """One reference set: the address of the job that builds it."""

    @reads("reference_get", ReferenceShow, area="references")
    def get(self, request: Request, uuid: UUID) -> Response:
        """Name, edition, content hash and state."""
        return Response(ReferenceShow(reference_get(actor=self.actor, uuid=uuid)).data)


class ReferenceCancel(LabView):
    """The wish to stop the build of a set."""

    @creates("reference_cancel", None, ReferenceShow, area="references", status=202)
    def post(self, request: Request, uuid: UUID) -> Response:
        """Ask the build to stop: at once when it waits, at its next step when it runs."""
        build_cancel(actor=self.actor, reference=reference_get(actor=self.actor, uuid=uuid))
        return _building(reference_get(actor=self.actor, uuid=uuid))


class ReferenceApproval(LabView):
    """Quality's approval of a reference."""

    @acts("reference_approve", ReferenceWordAsk, ReferenceShow, area="references")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Approve it for casework."""
        row = reference_get(actor=self.actor, uuid=uuid)
        return Response(
            ReferenceShow(reference_approve(actor=self.actor, reference=row, **self.body(ReferenceWordAsk))).data
        )


class ReferenceRetirement(LabView):
    """The end of a reference's use."""

    @acts("reference_retire", ReferenceWordAsk, ReferenceShow, area="references")
    def post(self, request: Request, uuid: UUID) -> Response:
        """Take it out of use; runs that used it keep it."""
        row = reference_get(actor=self.actor, uuid=uuid)
        reason = self.body(ReferenceWordAsk)["note"]
        return Response(ReferenceShow(reference_retire(actor=self.actor, reference=row, reason=reason)).data)


def accepted(run: Any) -> Response:
    """202 with the job's address."""
    return Response(RunShow(run).data, status=202, headers={"Location": f"/api/v1/runs/{run.uuid}/"})


def _building(row: Any) -> Response:
    """202 with the address of the set, where its build stands."""
    return Response(ReferenceShow(row).data, status=202, headers={"Location": f"/api/v1/reference-sets/{row.uuid}/"})


urlpatterns = [
    path("cases/<str:case>/examination-requests/", Examinations.as_view(), name="examinations"),
    path("examination-requests/<uuid:uuid>/", Examination.as_view(), name="examination"),
    path("examination-requests/<uuid:uuid>/decision/", ExaminationDecision.as_view(), name="examination-decision"),
    path("batches/", Batches.as_view(), name="batches"),
    path("batches/<uuid:uuid>/", Batch.as_view(), name="batch"),
    path("batches/<uuid:uuid>/controls/<int:pk>/", BatchControl.as_view(), name="batch-control"),
    path("batches/<uuid:uuid>/release/", BatchRelease.as_view(), name="batch-release"),
    path("batches/<uuid:uuid>/disposition/", BatchDisposition.as_view(), name="batch-disposition"),
    path("cases/<str:case>/runs/", Runs.as_view(), name="runs"),
    path("runs/<uuid:uuid>/", Run.as_view(), name="run"),
    path("runs/<uuid:uuid>/cancel/", RunCancel.as_view(), name="run-cancel"),
    path("runs/<uuid:uuid>/rerun/", RunRerun.as_view(), name="run-rerun"),
    path("cases/<str:case>/findings/", Findings.as_view(), name="findings"),
    path("reference-sets/", References.as_view(), name="references"),
    path("reference-sets/<uuid:uuid>/", Reference.as_view(), name="reference"),
    path("reference-sets/<uuid:uuid>/cancel/", ReferenceCancel.as_view(), name="reference-cancel"),
    path("reference-sets/<uuid:uuid>/approval/", ReferenceApproval.as_view(), name="reference-approval"),
    path("reference-sets/<uuid:uuid>/retirement/", ReferenceRetirement.as_view(), name="reference-retirement"),
]
