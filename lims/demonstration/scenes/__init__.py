"""The scenes of the demonstration, in order."""

from lims.demonstration.scenes import (
    laboratory,
    linked,
    other_cases,
    port_analysis,
    port_bench,
    port_intake,
    port_origin,
    port_reports,
    references,
    today,
)
from lims.demonstration.world import Step

STEPS: tuple[Step, ...] = (
    *laboratory.STEPS,
    *references.STEPS,
    *other_cases.EARLIER,
    *port_intake.STEPS,
    *port_bench.STEPS,
    *port_analysis.STEPS,
    *port_origin.STEPS,
    *port_reports.STEPS,
    *linked.STEPS,
    *other_cases.LATER,
    *today.STEPS,
)
