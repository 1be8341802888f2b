"""Acts of the laboratory, of disclosure and of accounts as sentences, for lists of the ledger."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chain_of_custody.selectors import HistoryRow
from lims.web.acts import act_words

_WORDS: Mapping[str, Mapping[str, str | Promise]] = {
    "lab.request": {
        "submitted": _("Examination asked for"),
        "accepted": _("Examination accepted"),
        "declined": _("Examination declined"),
        "reported": _("Examination reported"),
    },
    "lab.batch": {
        "opened": _("Batch opened"),
        "joined": _("Joined a batch"),
        "control_read": _("Control read"),
        "blocked": _("Batch blocked by a control"),
        "disposed": _("Disposition of a blocked batch"),
        "released": _("Batch released"),
    },
    "lab.reference": {
        "proposed": _("Reference set proposed"),
        "approved": _("Reference set approved"),
        "retired": _("Reference set retired"),
    },
    "lab.run": {
        "queued": _("Run queued"),
        "started": _("Run started"),
        "finished": _("Run finished"),
        "failed": _("Run failed"),
        "cancelled": _("Run cancelled"),
    },
    "lab.finding": {"recorded": _("Finding recorded"), "replaced": _("Finding replaced")},
    "lab.report": {
        "drafted": _("Report drafted"),
        "changed": _("Draft changed"),
        "submitted": _("Report sent to review"),
        "sent_back": _("Report sent back"),
        "agreed": _("Review agreed"),
        "disagreed": _("Reviewer disagreed"),
        "answered": _("Comment answered"),
        "signed": _("Report signed and issued"),
        "replaced": _("Report replaced"),
        "withdrawn": _("Draft withdrawn"),
    },
    "casework.laboratory": {"changed": _("Settings of the laboratory changed")},
    "disclosure.request": {
        "requested": _("Evidence asked for"),
        "approved": _("Disclosure approved"),
        "declined": _("Disclosure declined"),
        "delivered": _("Evidence delivered"),
    },
    "disclosure.pack": {
        "ordered": _("Pack ordered"),
        "started": _("Pack begun"),
        "built": _("Pack built"),
        "failed": _("Pack failed"),
        "delivered": _("Pack delivered"),
    },
    "accounts.account": {
        "created": _("Account created"),
        "granted": _("Role given"),
        "revoked": _("Role taken back"),
        "deactivated": _("Account closed"),
        "password_changed": _("Password changed"),
    },
    "accounts.token": {"created": _("Token made"), "revoked": _("Token ended")},
    "accounts.access_log": {"anchored": _("Access log anchored")},
    "vault.file": {"stored": _("File stored"), "disclosed": _("File given out")},
}


def ledger_words(row: HistoryRow) -> str:
    """The sentence of any entry of the ledger."""
    known = _WORDS.get(row.schema.split("/")[0], {}).get(row.verb)
    return str(known) if known else act_words(row, {})
