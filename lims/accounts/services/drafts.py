"""What the services of accounts share: entries about an account, the rules for passwords."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from chain_of_custody.core.canonical import Json
from chain_of_custody.services import EntryDraft, StreamKey
from lims.accounts.ledger import ACCOUNT
from lims.accounts.models import User
from lims.common.errors import BadInput


def account_draft(
    user: User, verb: str, values: dict[str, Json], committed: dict[str, Json] | None = None
) -> EntryDraft:
    return EntryDraft(
        stream=StreamKey(kind="account", id=user.uuid),
        schema=ACCOUNT,
        verb=verb,
        values=values,
        committed=committed or {},
    )


def password_rules_check(password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), code="weak-password", field="password") from error
