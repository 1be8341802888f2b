"""Payload schemas this app writes to the ledger. Names are never changed once written."""

from chain_of_custody.schemas import declare

ACCOUNT = declare("accounts.account/1", verbs={"created", "granted", "revoked", "deactivated", "password_changed"})
TOKEN = declare("accounts.token/1", verbs={"created", "revoked"})
ACCESS_LOG = declare("accounts.access_log/1", verbs={"anchored"})
