"""Months that are closed: what the books said then, and which visit it was made of."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

# Whoever writes into the books takes this turn together with the others; who closes a month takes it alone.
TURN_OF_THE_BOOKS = "the-books"


def month_of_the_books(*, moment: str, place: str) -> pgtrigger.Trigger:
    """A rule of the database: a new row belongs to the calendar month of its column `moment` on the clock of the clinic
    that the query `place` finds; if that month is closed, to the first one after the closed ones.

    It waits for who is closing a month, and who closes waits for it: what is not seen by a close is not in its month.
    """
    return pgtrigger.Trigger(
        name="month_of_the_books",
        operation=pgtrigger.Insert,
        when=pgtrigger.Before,
        declare=[("place", "uuid"), ("open_month", "date")],
        func=f"""
            PERFORM pg_advisory_xact_lock_shared(hashtextextended('{TURN_OF_THE_BOOKS}', 0));
            place := ({place});
            SELECT date_trunc('month', NEW.{moment} AT TIME ZONE l.time_zone)::date INTO open_month
              FROM booking_location l WHERE l.id = place;
            SELECT greatest(open_month, (max(c.month) + interval '1 month')::date) INTO open_month
              FROM booking_monthclose c WHERE c.location_id = place;
            IF NEW.month IS NULL THEN
              NEW.month := open_month;
            ELSIF NEW.month <> open_month THEN
              RAISE EXCEPTION 'the open month is %, not %', open_month, NEW.month
                USING ERRCODE = 'check_violation', CONSTRAINT = 'month_of_the_books_is_open';
            END IF;
            RETURN NEW;
        """,  # noqa: S608 - of words of this code only
    )


class MonthClose(models.Model):
    """A month of a clinic that nothing is written into any more. `month` is its first day.

    `figures` are what `booking.selectors.accounts` said then, in minor units; what is found to be different later
    stands in the month after the last closed one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    location = models.ForeignKey("booking.Location", on_delete=models.PROTECT, related_name="closed_months")
    month = models.DateField()
    figures = models.JSONField()
    note = models.TextField(blank=True)  # why it was closed although something was still open
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(fields=["location", "month"], name="month_closed_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="month_closed_is_a_month"),
        ]
        triggers = [pgtrigger.Protect(name="month_close_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class MonthLine(models.Model):
    """What one visit adds to a closed month, for the therapist it was with. Minor units.

    A visit that was in an earlier month already stands here with the difference, which may be below zero: the lines of
    a visit over all months add up to what is true of it.
    """

    id = models.BigAutoField(primary_key=True)
    close = models.ForeignKey(MonthClose, on_delete=models.PROTECT, related_name="lines")
    appointment = models.ForeignKey("booking.Appointment", on_delete=models.PROTECT, related_name="month_lines")
    practitioner = models.ForeignKey("booking.Practitioner", on_delete=models.PROTECT, related_name="month_lines")
    treatment = models.IntegerField(default=0)  # what the visit cost, taxes included
    fees = models.IntegerField(default=0)  # for changing it late or missing it, taxes included
    collected = models.IntegerField(default=0)  # of both, what has come
    taxes = models.JSONField(default=list)  # [{name, thousandths, number, amount}], inside treatment and fees
    base = models.IntegerField(default=0)  # what the therapist's share is of
    pay = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["close", "appointment", "practitioner"], name="month_line_once"),
        ]
        triggers = [pgtrigger.Protect(name="month_line_is_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return str(self.pk)
