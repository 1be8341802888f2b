"""Which steps of the demonstration have been made, and the names they gave to what they made."""

from django.db import models


class SeedStep(models.Model):
    """A finished step, written in the step's own transaction: what is here is whole, what is not here is not begun."""

    name = models.CharField(max_length=80, unique=True)
    done_at = models.DateTimeField(auto_now_add=True)
    made = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name
