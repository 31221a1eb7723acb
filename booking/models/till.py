import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q


class TillCount(models.Model):
    """A day's money at the desk as somebody counted and signed it: one a day and clinic, never changed. Minor units."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="till_counts")
    date = models.DateField()
    currency = models.CharField(max_length=3)
    by_method = models.JSONField()  # cash, terminal...: what was taken and given back, as it stood then
    opening_amount = models.PositiveIntegerField()  # in the drawer before the first of it
    cash_amount = models.IntegerField()  # cash taken, less cash given back
    counted_amount = models.PositiveIntegerField()
    banked_amount = models.PositiveIntegerField()  # taken out for the bank; the rest is the next day's opening
    note = models.CharField(max_length=500, blank=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["-date"]
        constraints = [
            models.UniqueConstraint(fields=["location", "date"], name="till_count_once_a_day"),
            models.CheckConstraint(
                condition=Q(counted_amount=F("opening_amount") + F("cash_amount")) | ~Q(note=""),
                name="till_count_says_why_it_differs",
            ),
            models.CheckConstraint(
                condition=Q(banked_amount__lte=F("counted_amount")), name="till_count_banks_what_is_there"
            ),
        ]
        triggers = [pgtrigger.Protect(name="till_count_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.date}"

    @property
    def expected_amount(self) -> int:
        return self.opening_amount + self.cash_amount

    @property
    def difference(self) -> int:
        return self.counted_amount - self.expected_amount

    @property
    def left_amount(self) -> int:
        return self.counted_amount - self.banked_amount


class TillLine(models.Model):
    """A movement of money that stands on a signed sheet: on one only, so what is written later stands on the next."""

    till_count = models.ForeignKey(TillCount, on_delete=models.PROTECT, related_name="lines")
    entry = models.OneToOneField("payments.LedgerEntry", on_delete=models.PROTECT, related_name="till_line")

    class Meta:
        triggers = [pgtrigger.Protect(name="till_line_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.entry_id}"
