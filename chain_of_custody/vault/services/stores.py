"""The store of this installation: chosen by settings, probed, watched."""

import functools
import json
import os
from pathlib import Path

from django.conf import settings

from chain_of_custody.errors import CustodyError
from chain_of_custody.vault.durable import write_replacing
from chain_of_custody.vault.objects import EnforcedBy, ProbeCheck, ProbeOutcome, ProbeReport
from chain_of_custody.vault.store import EvidenceStore, store_from_url


def store_current() -> EvidenceStore:
    """The store SPOOR_STORE_URL names; raises as `store.store_from_url` does."""
    return _store(settings.SPOOR_STORE_URL, os.getpid())


@functools.lru_cache(maxsize=8)
def _store(url: str, _process: int) -> EvidenceStore:
    # Per process: a forked worker must not share its parent's connections to a server.
    return store_from_url(url)


def store_health() -> str:
    """What keeps the store from serving, in words; empty when it serves."""
    try:
        store_current().check()
    except CustodyError as error:
        return " ".join(part for part in (error.message, f"({error.found})" if error.found else "") if part)
    return ""


def vault_probe() -> ProbeReport:
    """Try to break the store's locks and remember the result for `vault_probe_last`; raises
    `StoreUnreachable`."""
    report = store_current().probe()
    body = {
        "store": report.store,
        "enforced_by": report.enforced_by.value,
        "checks": [[check.name, check.outcome.value, check.detail] for check in report.checks],
    }
    _report_path().parent.mkdir(parents=True, exist_ok=True)
    write_replacing(_report_path(), json.dumps(body, indent=1).encode())
    return report


def vault_probe_last() -> ProbeReport | None:
    """The last probe of the store in use, or None when this installation has not probed it."""
    try:
        body = json.loads(_report_path().read_bytes())
        checks = tuple(
            ProbeCheck(name=name, outcome=ProbeOutcome(outcome), detail=detail)
            for name, outcome, detail in body["checks"]
        )
        report = ProbeReport(store=body["store"], enforced_by=EnforcedBy(body["enforced_by"]), checks=checks)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    # A probe of another store says nothing about this one.
    return report if report.store == store_current().name else None


def _report_path() -> Path:
    return Path(settings.SPOOR_HOME) / "vault-probe.json"
