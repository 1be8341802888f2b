"""Who this laboratory is: read once and kept by the process for half a minute, since every page shows it."""

from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.utils import timezone

from lims.casework.models import Laboratory

KEY = "casework.laboratory"
KEPT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryIdentity:
    """The laboratory as pages, references and documents name it (ISO/IEC 17025:2017, 7.8.2.1 b and c).

    Attributes:
        address: one line of the address each.
        code: the first letters of every reference.
        zone: IANA name of the time zone that pages and documents show.
        version: of the row; what an `If-Match` names.
    """

    name: str
    address: tuple[str, ...]
    code: str
    zone: str
    accreditation: str
    version: int


def laboratory_of(row: Laboratory) -> LaboratoryIdentity:
    """The identity a row states; the environment's while none was stated."""
    if row.stated:
        return LaboratoryIdentity(
            name=row.name,
            address=tuple(row.address.splitlines()),
            code=row.code,
            zone=row.zone,
            accreditation=row.accreditation,
            version=row.version,
        )
    return _first(row.version)


def laboratory_get() -> LaboratoryIdentity:
    """The identity as the record has it now: for documents."""
    return laboratory_of(Laboratory.objects.get(pk=1))


def laboratory_kept() -> LaboratoryIdentity:
    """The identity, at most half a minute old: for what every page shows.

    Where the database does not answer (the page that says so is being made), the environment's.
    """
    row = cache.get(KEY)
    if not isinstance(row, Laboratory):
        try:
            row = Laboratory.objects.get(pk=1)
        except (DatabaseError, Laboratory.DoesNotExist):
            return _first(0)
        cache.set(KEY, row, KEPT_SECONDS)
    return laboratory_of(row)


def laboratory_zone_activate() -> None:
    """Times are shown in the laboratory's zone from here on, in this thread."""
    timezone.activate(laboratory_kept().zone)


def _first(version: int) -> LaboratoryIdentity:
    lines = (line.strip() for line in settings.SPOOR_LABORATORY_ADDRESS.split(";"))
    return LaboratoryIdentity(
        name=settings.SPOOR_LABORATORY,
        address=tuple(line for line in lines if line),
        code=settings.SPOOR_LABORATORY_CODE,
        zone=settings.TIME_ZONE,
        accreditation=settings.SPOOR_LABORATORY_ACCREDITATION,
        version=version,
    )
