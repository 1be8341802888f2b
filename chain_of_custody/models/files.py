"""Files kept in the evidence store."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from chain_of_custody.models.custody import Party
from chain_of_custody.models.ledger import Stream


class StoredFile(models.Model):
    """A file someone handed in, in one role. The bytes live in the evidence store under their SHA-256.

    The same bytes may be handed in twice: two rows, one stored object. `digest` is 64 lower-case hexadecimal digits,
    `size` is in bytes.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    digest = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField()
    name = models.CharField(max_length=255)
    media_type = models.CharField(max_length=127)
    role = models.CharField(max_length=40)
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="files")
    uploaded_by = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    store_key = models.CharField(max_length=300)
    store_version = models.CharField(max_length=200, blank=True, default="")
    retention_until = models.DateTimeField(null=True, blank=True)
    legal_hold = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="file_digest_sha256"),
            models.CheckConstraint(condition=Q(size__gte=0), name="file_size_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class VaultAudit(models.Model):
    """A report of `vault_audit`: how the evidence store compared with the record on one day.

    `counts` holds how often each problem was met, `findings` the first of them (`problem`, `key`, `digest`, `files`,
    `detail`). `error` says why an audit could not be finished; half an audit is none, so it has no counts then.
    """

    store = models.CharField(max_length=300)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    content_read = models.BooleanField()
    files = models.BigIntegerField(default=0)
    objects_seen = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    passed = models.BooleanField()
    counts = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.ended_at:%Y-%m-%d %H:%M} {'passed' if self.passed else 'not as recorded'}"
