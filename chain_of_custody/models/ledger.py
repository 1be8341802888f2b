"""The ledger: streams of entries, and the log over all of them.

Entry, Leaf, Tile and Checkpoint only ever grow: triggers (migration 0002) refuse UPDATE, DELETE and TRUNCATE, and the
application's database role has no such grant. A Commitment can lose its salt and value, and nothing else.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import Exact


class Stream(models.Model):
    """The history of one thing. Its row is the lock under which entries are numbered, and holds their head."""

    kind = models.CharField(max_length=40)
    uuid = models.UUIDField()
    head_sequence = models.BigIntegerField(default=0, db_default=0)
    head_hash = models.BinaryField(null=True)
    head_recorded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "uuid"], name="stream_once"),
            models.CheckConstraint(
                condition=Q(head_sequence=0, head_hash__isnull=True, head_recorded_at__isnull=True)
                | Q(head_sequence__gt=0, head_hash__isnull=False, head_recorded_at__isnull=False),
                name="stream_head_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.uuid}"


class Entry(models.Model):
    """One act as it touched one stream: the exact canonical bytes, and their hash."""

    uuid = models.UUIDField(unique=True)
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="entries", db_index=False)
    sequence = models.BigIntegerField()
    act = models.UUIDField(db_index=True)
    recorded_at = models.DateTimeField()
    canonical = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["stream", "sequence"], name="entry_sequence_once"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="entry_sequence_from_one"),
            models.CheckConstraint(condition=Exact(Length("hash"), 32), name="entry_hash_sha256"),
        ]

    def __str__(self) -> str:
        return f"{self.stream_id}#{self.sequence}"


class Commitment(models.Model):
    """Salt and value behind one committed field; both null once forgotten, after which the entry still verifies."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="commitments", db_index=False)
    field = models.CharField(max_length=100)
    salt = models.BinaryField(null=True)
    value = models.BinaryField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "field"], name="commitment_once"),
            models.CheckConstraint(
                condition=Q(salt__isnull=False, value__isnull=False, erased_at__isnull=True)
                | Q(salt__isnull=True, value__isnull=True, erased_at__isnull=False),
                name="commitment_whole_or_erased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}:{self.field}"


class Pending(models.Model):
    """An entry the sequencer has not yet given its place in the log."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, primary_key=True, related_name="pending")

    class Meta:
        verbose_name_plural = "pending"

    def __str__(self) -> str:
        return f"pending {self.entry_id}"


class Leaf(models.Model):
    """An entry's place in the log. `data` is public; `salt` ties it to the entry for whoever is shown both."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="leaf")
    salt = models.BinaryField()
    data = models.BinaryField()

    class Meta:
        verbose_name_plural = "leaves"
        constraints = [
            models.CheckConstraint(condition=Q(index__gte=0), name="leaf_index_from_zero"),
            models.CheckConstraint(condition=Exact(Length("data"), 32), name="leaf_data_sha256"),
        ]

    def __str__(self) -> str:
        return f"leaf {self.index}"


class Tile(models.Model):
    """A full tile of the tree after C2SP tlog-tiles: 256 hashes of one level, and the root over them.

    The root is the tile's one hash at the level above. Partial tiles are not stored: their hashes are the newest
    leaves, or the roots of the newest full tiles below.
    """

    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["level", "index"], name="tile_once"),
            models.CheckConstraint(condition=Q(level__gte=0, level__lte=7, index__gte=0), name="tile_place"),
        ]

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed tree head (C2SP tlog-checkpoint).

    `frontier` is the compact range: the roots of the perfect subtrees the tree of `size` leaves consists of, left to
    right, 32 bytes each. It is all that appending needs.
    """

    origin = models.CharField(max_length=200)
    size = models.BigIntegerField()
    root = models.BinaryField()
    frontier = models.BinaryField()
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["origin", "size"], name="checkpoint_size_once"),
            models.CheckConstraint(condition=Q(size__gte=0), name="checkpoint_size_from_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.size}"
