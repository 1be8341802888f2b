"""The access log, its anchors in the ledger, and Spoor itself as an actor."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chain_of_custody.core.canonical import Json
from chain_of_custody.core.merkle import merkle_root
from chain_of_custody.models import Party
from chain_of_custody.services import EntryDraft, StreamKey, act_append, party_create
from lims.accounts.actors import Actor
from lims.accounts.enums import AccessKind
from lims.accounts.ledger import ACCESS_LOG
from lims.accounts.models import AccessAnchor, AccessEntry, WorkerBeat
from lims.common.checks import text_clean
from lims.common.errors import BadInput

ACCESS_LOG_STREAM = UUID("5b1ef39c-6e4f-5c40-9d0e-2a0c6a1f0a01")
SYSTEM_PARTY = UUID("5b1ef39c-6e4f-5c40-9d0e-2a0c6a1f0a02")


def system_actor(via: str = "task") -> Actor:
    """Spoor itself, for jobs and commands. Its party is created at first use."""
    party = Party.objects.filter(uuid=SYSTEM_PARTY).first()
    if party is None:
        party = _system_party_create(via)
    return Actor(
        party=party.uuid,
        account=None,
        name=party.name,
        role="system",
        via=via,
        party_id=party.pk,
        system=True,
    )


def _system_party_create(via: str) -> Party:
    birth = Actor(party=SYSTEM_PARTY, account=None, name="Spoor", role="system", via=via, system=True)
    with transaction.atomic():
        return party_create(actor=birth, kind="system", name="Spoor", uuid=SYSTEM_PARTY)


def access_record(
    *,
    kind: AccessKind,
    actor: Actor | None = None,
    subject_kind: str = "",
    subject: UUID | None = None,
    reference: str = "",
    case: UUID | None = None,
    reason: str = "",
    path: str = "",
    address: str | None = None,
) -> None:
    """One line in the access log. Called by the outermost handler, outside the act's transaction."""
    AccessEntry.objects.create(
        kind=kind,
        user_id=(actor.user_id or None) if actor else None,
        shown_as=actor.name[:200] if actor else "",
        role=actor.role[:80] if actor else "",
        subject_kind=subject_kind,
        subject=subject,
        reference=reference[:80],
        case=case,
        reason=reason[:500],
        path=path[:300],
        address=address,
        salt=secrets.token_bytes(32),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What somebody was shown: the thing, its case, and the reason they gave where one was asked for."""

    subject_kind: str
    subject: UUID | None = None
    reference: str = ""
    case: UUID | None = None
    reason: str = ""


def access_seen(*, actor: Actor, seen: Sequence[Seen], path: str, address: str | None = None) -> None:
    """One line for each thing shown, in one statement. Called by the outermost handler, after the answer is made."""
    lines = [
        AccessEntry(
            kind=AccessKind.VIEW,
            user_id=actor.user_id or None,
            shown_as=actor.name[:200],
            role=actor.role[:80],
            subject_kind=one.subject_kind,
            subject=one.subject,
            reference=one.reference[:80],
            case=one.case,
            reason=one.reason[:500],
            path=path[:300],
            address=address,
            salt=secrets.token_bytes(32),
        )
        for one in seen
    ]
    if len(lines) == 1:
        lines[0].save(force_insert=True)
    else:
        AccessEntry.objects.bulk_create(lines)


def access_reason_state(*, actor: Actor, case: UUID, reference: str, reason: str, address: str | None = None) -> None:
    """State why one views a case one is not assigned to (Directive 2016/680 Art. 25 [M]).

    Raises:
        BadInput: fewer than ten signs.
    """
    reason = access_reason_clean(reason)
    access_record(
        kind=AccessKind.REASON,
        actor=actor,
        subject_kind="case",
        subject=case,
        case=case,
        reference=reference,
        reason=reason,
        address=address,
    )


def access_reason_clean(reason: str) -> str:
    """A reason fit for the record.

    Raises:
        BadInput: fewer than ten signs.
    """
    reason = text_clean(reason, field="reason", required=True)
    if len(reason) < 10:
        raise BadInput(_("Give the reason in at least ten signs: it is recorded."), code="too-short", field="reason")
    return reason


def access_anchor() -> AccessAnchor | None:
    """Enter the Merkle root of all access-log lines since the last anchor in the ledger; None where there are none."""
    with transaction.atomic():
        last = AccessAnchor.objects.select_for_update(no_key=True).order_by("-last").first()
        after = last.last if last else 0
        settled = timezone.now() - timedelta(seconds=30)
        rows = list(AccessEntry.objects.filter(pk__gt=after, at__lte=settled).order_by("pk"))
        if not rows:
            return None
        root = merkle_root([access_leaf(row) for row in rows]).hex()
        anchor = AccessAnchor.objects.create(first=rows[0].pk, last=rows[-1].pk, root=root)
        values: dict[str, Json] = {"first": anchor.first, "last": anchor.last, "lines": len(rows), "root": root}
        stream = StreamKey(kind="access_log", id=ACCESS_LOG_STREAM)
        draft = EntryDraft(stream=stream, schema=ACCESS_LOG, verb="anchored", values=values)
        act_append(actor=system_actor(), drafts=[draft])
    return anchor


def access_leaf(row: AccessEntry) -> bytes:
    """The leaf of an access-log line: SHA-256 over its salt and its fields, so that a root reveals nothing.

    Of a line whose person was forgotten since: the leaf it had before.
    """
    if row.leaf:
        return bytes(row.leaf)
    fields = (
        row.pk,
        row.at.isoformat(),
        row.kind,
        row.user_id,
        row.shown_as,
        row.role,
        row.subject_kind,
        row.subject,
        row.reference,
        row.case,
        row.reason,
        row.path,
        row.address,
    )
    text = "\x1f".join("" if value is None else str(value) for value in fields)
    return hashlib.sha256(b"spoor/access/v1\0" + bytes(row.salt) + text.encode()).digest()


def worker_seen(*, host: str) -> None:
    """Note that a worker is alive."""
    WorkerBeat.objects.update_or_create(host=host[:200], defaults={"seen_at": timezone.now()})
