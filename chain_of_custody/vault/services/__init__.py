"""Everything that puts files into the evidence store, hands them out, keeps them longer, or checks them."""

from chain_of_custody.vault.services.audit import (
    AuditFinding,
    AuditProblem,
    AuditProgress,
    AuditReport,
    vault_audit,
    vault_audit_run,
)
from chain_of_custody.vault.services.files import (
    FileAccess,
    file_content,
    file_copy,
    file_open,
    file_store,
    upload_store,
)
from chain_of_custody.vault.services.keeping import (
    ExtensionReport,
    legal_hold_clear,
    legal_hold_set,
    retention_default,
    retention_extend_open_cases,
)
from chain_of_custody.vault.services.reports import vault_audit_last, vault_audit_record, vault_audit_wrong
from chain_of_custody.vault.services.stores import store_current, store_health, vault_probe, vault_probe_last

__all__ = [
    "AuditFinding",
    "AuditProblem",
    "AuditProgress",
    "AuditReport",
    "ExtensionReport",
    "FileAccess",
    "file_content",
    "file_copy",
    "file_open",
    "file_store",
    "legal_hold_clear",
    "legal_hold_set",
    "retention_default",
    "retention_extend_open_cases",
    "store_current",
    "store_health",
    "upload_store",
    "vault_audit",
    "vault_audit_last",
    "vault_audit_record",
    "vault_audit_run",
    "vault_audit_wrong",
    "vault_probe",
    "vault_probe_last",
]
