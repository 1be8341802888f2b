"""Time stamps on checkpoints: asked for hourly, queued while there is no line, kept with the checkpoint."""

import logging
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from cryptography import x509
from django.conf import settings
from django.utils import timezone

from chain_of_custody.errors import BadInput
from chain_of_custody.models import CheckpointStamp
from chain_of_custody.selectors import checkpoint_latest
from chain_of_custody.timestamps import Stamp, StampRefused, nonce_new, stamp_read, stamp_request

logger = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
SECONDS = 10
_LONGEST_ANSWER = 1 << 20


def stamps_collect() -> int:
    """Ask each authority for the newest checkpoint, once an hour, and again for what waits; how many came.

    An authority that does not answer is left alone until the next round; nothing that waits is lost.
    """
    return sum(_collect(url) for url in settings.SPOOR_TSA_URLS)


def _collect(url: str) -> int:
    _queue(url)
    came = 0
    for row in CheckpointStamp.objects.filter(authority=url, token__isnull=True).select_related("checkpoint"):
        text = row.checkpoint.text.encode()
        try:
            stamp = _asked(url, text)
        except (OSError, HTTPException, StampRefused, BadInput) as error:
            logger.warning("No time stamp from %s for checkpoint %s yet: %s", url, row.checkpoint.size, error)
            _noted(row, problem=str(error)[:300])
            break
        _noted(row, token=stamp.token, stamped_at=stamp.at, problem="")
        came += 1
    return came


def _queue(url: str) -> None:
    last = checkpoint_latest()
    asked = CheckpointStamp.objects.filter(authority=url).order_by("-created_at").first()
    if last is None or (asked is not None and asked.created_at > timezone.now() - EVERY):
        return
    CheckpointStamp.objects.get_or_create(checkpoint=last, authority=url)


def _asked(url: str, data: bytes) -> Stamp:
    if not url.startswith(("https://", "http://")):
        raise BadInput(f"{url} is no address of a time-stamping authority", remedy="Mend SPOOR_TSA_URLS.")
    nonce = nonce_new()
    request = Request(  # noqa: S310 - the scheme was looked at
        url, data=stamp_request(data, nonce), headers={"Content-Type": "application/timestamp-query"}
    )
    with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - as above
        return stamp_read(answer.read(_LONGEST_ANSWER), data, nonce, stamps_trusted())


def stamps_trusted() -> list[x509.Certificate]:
    """The certificates in SPOOR_TSA_TRUST_FILE (PEM). Raises `BadInput` when it cannot be read."""
    try:
        return x509.load_pem_x509_certificates(Path(settings.SPOOR_TSA_TRUST_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(
            f"SPOOR_TSA_TRUST_FILE {settings.SPOOR_TSA_TRUST_FILE} holds no certificates: {error}",
            remedy="Put the authority's root certificate there, in PEM form.",
        ) from error


def _noted(row: CheckpointStamp, **facts: object) -> None:
    CheckpointStamp.objects.filter(pk=row.pk).update(attempts=row.attempts + 1, **facts)
