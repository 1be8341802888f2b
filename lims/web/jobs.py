"""A job as pages show it: its badge, and the part of a page that is fetched every two seconds until it is over."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from lims.lab.enums import JobState
from lims.lab.models import JobBase
from lims.web.describing import Badge
from lims.web.forms import page

_BADGES = {
    JobState.QUEUED: "idle",
    JobState.RUNNING: "running",
    JobState.DONE: "ok",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "idle",
}


def job_badge(job: JobBase, **words: str) -> Badge:
    """Where a job stands; `words` by state for a page that has its own."""
    state = JobState(job.state)
    return Badge(kind=_BADGES[state], text=words.get(state.value) or str(state.label))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPart:
    """A job on the page of what it makes.

    `name` is what it makes, after its `kind` in words if it has one; `label` names the bar for those who do not see
    it. The part is fetched again from `address` until the job is over, or where there is none any more; then `show`
    leads to the page at `href`, with the `state` of the row.
    """

    job: JobBase | None
    state: Badge
    name: str
    label: str
    href: str
    show: str
    address: str
    kind: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.job is None or self.job.over

    @property
    def percent(self) -> int:
        """How much is done."""
        return round(self.job.progress * 100) if self.job else 0


def job_answer(request: HttpRequest, part: JobPart) -> HttpResponse:
    """The part alone, as htmx fetches it; once the job is over the browser is led to the whole page."""
    response = page(request, "web/parts/_job.html", {"job": part})
    if part.over:
        response.headers["HX-Redirect"] = part.href
    return response
