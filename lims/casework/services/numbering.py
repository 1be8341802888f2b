"""Running numbers without gaps within a series, under the series' row lock."""

from django.db import connection

_NEXT = """
INSERT INTO casework_referencecounter (series, last) VALUES (%s, %s)
ON CONFLICT (series) DO UPDATE SET last = casework_referencecounter.last + %s
RETURNING last
"""


def number_next(series: str, count: int = 1) -> int:
    """The first of `count` new numbers of a series. Gapless: a rolled-back act gives its numbers back."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [series, count, count])
        last: int = cursor.fetchone()[0]
    return last - count + 1
