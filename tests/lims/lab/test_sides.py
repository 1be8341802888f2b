"""The side somebody took of a report stays on record, whatever way a program takes."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from lims.lab.models import ReportPerson
from tests.lims import builders
from tests.lims.lab.support import Bench, report, submitted


def _refused(rows: QuerySet[ReportPerson], **change: object) -> None:
    with pytest.raises(DatabaseError, match="stays on record"), transaction.atomic():
        rows.update(**change) if change else rows.delete()


def test_a_side_once_taken_is_neither_deleted_nor_changed_as_the_app_role(bench: Bench) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("spoor_app",)
    row = submitted(bench)
    mine = ReportPerson.objects.filter(report=row, party_id=bench.lab.analyst.party_id, side="work")
    assert mine.count() == 1
    _refused(mine)
    _refused(mine, side="review")
    _refused(mine, party=builders.party(bench.lab.reviewer))
    _refused(mine, report=report(bench))
    assert mine.update(part="analyst") == 1
