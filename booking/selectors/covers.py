"""Who pays for a patient besides the patient, and whether it holds for a visit."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from booking.models import Appointment, Claim, Cover
from booking.rules.covers import CoverTerms, Problem, Split, problem_with, split
from booking.rules.walltime import wall_date
from intake.models import Patient

Status = Appointment.Status
# What does not take place uses none of the approved visits, nor does what the payer said no to.
_USES_NONE = (Status.PROPOSED, Status.CANCELLED, Status.NOSHOW, Status.ENTERED_IN_ERROR)


def covers_of(patient: Patient) -> QuerySet[Cover]:
    """A patient's covers, those in force first, each with `used`: how many visits count already."""
    counted = counting().filter(cover=OuterRef("pk")).order_by().values("cover").annotate(n=Count("pk"))
    found = Cover.objects.filter(patient=patient).select_related("payer", "patient")
    in_force = Case(When(ended_at=None, then=0), default=1, output_field=IntegerField())
    return found.annotate(used=Coalesce(Subquery(counted.values("n")), 0)).order_by(in_force, "-created_at", "pk")


def counting() -> QuerySet[Appointment]:
    """Visits that use up an approved visit of their cover."""
    return Appointment.objects.filter(cover__isnull=False, payer_amount__gt=0).exclude(status__in=_USES_NONE)


def visits_used(cover: Cover, *, besides: Appointment | None = None) -> int:
    """How many visits count already, without this one."""
    found = counting().filter(cover=cover)
    return found.exclude(pk=besides.pk).count() if besides else found.count()


def terms_of(cover: Cover) -> CoverTerms:
    """What the payer has agreed to, for the rules."""
    return CoverTerms(
        percent=cover.percent,
        amount=cover.amount_per_visit,
        approved=cover.approved_visits,
        valid_until=cover.valid_until,
        ended=cover.ended_at is not None,
        currency=cover.currency,
    )


def day_of(visit: Appointment) -> date:
    """The visit's date on the clinic's calendar."""
    return wall_date(visit.start, visit.time_zone)


def problem_of(cover: Cover, visit: Appointment) -> Problem | None:
    """Why a cover doesn't bear a visit; None if it does."""
    used = visits_used(cover, besides=visit)
    return problem_with(terms_of(cover), on=day_of(visit), used=used, currency=visit.currency)


def split_of(visit: Appointment, cover: Cover | None, *, received: int = 0) -> Split:
    """Who would bear how much of the visit's price, of which so much has come from payers already."""
    left = visit.price_amount - received
    share = 0 if cover is None else split(left, terms_of(cover)).payer
    return Split(payer=received + share, patient=left - share)


def received_from_payers(visit: Appointment) -> int:
    """What payers have paid for a visit, minor units: also one that said no to the rest."""
    found = Claim.objects.filter(appointment=visit).aggregate(sum=Sum("paid_amount"))["sum"]
    return found or 0


def online_cover(patient: object, visit: Appointment) -> Cover | None:
    """What staff marked for the patient's own bookings, if it holds for this visit."""
    if not isinstance(patient, Patient):
        return None
    marked = Cover.objects.filter(patient=patient, for_online=True, ended_at=None).select_related("payer").first()
    return marked if marked and problem_of(marked, visit) is None else None


def cover_circumstances() -> dict[str, Any]:
    """For the day board: as which visit of its cover a visit counts, and where its last claim stands."""
    up_to_here = counting().filter(cover=OuterRef("cover"), start__lte=OuterRef("start")).order_by().values("cover")
    claims = Claim.objects.filter(appointment=OuterRef("pk")).order_by("-created_at").values("state")[:1]
    return {
        "counts_as": Subquery(up_to_here.annotate(n=Count("pk")).values("n"), output_field=IntegerField()),
        "claim_state": Coalesce(Subquery(claims, output_field=CharField()), Value("")),
    }


def blocked_by_cover(visit: Appointment) -> Problem | str | None:
    """What the payer of a visit (with `cover_circumstances`) waits for: "no-claim-number", or a problem; None: nothing.

    What the payer has paid or denied is over; what is billed is the worklist's.
    """
    cover = visit.cover
    if cover is None or getattr(visit, "claim_state", "") not in ("", Claim.State.TO_BILL):
        return None
    before = (getattr(visit, "counts_as", None) or 1) - 1
    terms = replace(terms_of(cover), ended=False)  # visits that have it keep it
    problem = problem_with(terms, on=day_of(visit), used=before, currency=visit.currency)
    if problem is not None:
        return problem
    return "no-claim-number" if cover.payer.needs_claim_number and not cover.claim_number else None


def claims_by_visit(visits: Iterable[Appointment]) -> dict[UUID, list[Claim]]:
    """The claims of visits, the latest first."""
    found: dict[UUID, list[Claim]] = {}
    rows = Claim.objects.filter(appointment__in=[one.pk for one in visits]).select_related("cover__payer")
    for claim in rows.order_by("-created_at"):
        found.setdefault(claim.appointment_id, []).append(claim)
    return found
