"""Packages: what is sold, what a patient has, and what is left of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from django.db.models import Prefetch, Q, QuerySet

from booking.models import Appointment, HealthcareService, Location, Package, PackageCredit, PackageOffer
from booking.payments.ledger import Kind
from booking.payments.models import LedgerEntry, Payment
from booking.rules.packages import ENDS_SOON, next_number, share, unused_worth
from booking.rules.walltime import wall_date
from booking.selectors.terms import may_prepay
from intake.models import Patient, User

State = Package.State
HAS_IT = (State.ACTIVE, State.REFUNDED)


@dataclass(frozen=True, slots=True)
class Standing:
    """A package with the sessions that are in use and what is left on `today`. Minor units."""

    package: Package
    credits: tuple[PackageCredit, ...]
    today: date

    @classmethod
    def of(cls, package: Package, *, now: datetime) -> Self:
        used = (one for one in package.credits.all() if one.returned_at is None)
        return cls(package, tuple(used), wall_date(now, package.location.time_zone))

    @property
    def left(self) -> int:
        """How many sessions can still be used."""
        return 0 if self.package.state != State.ACTIVE or self.is_over else self.unused

    @property
    def unused(self) -> int:
        return self.package.sessions - len(self.credits)

    @property
    def is_over(self) -> bool:
        return self.package.expires_on is not None and self.package.expires_on < self.today

    @property
    def ends_soon(self) -> bool:
        """Whether somebody should use it soon."""
        last = self.package.expires_on
        return self.left > 0 and last is not None and last <= self.today + ENDS_SOON

    @property
    def to_give_back(self) -> int:
        """What its unused sessions are worth while it lasts, and after it was given back what came back since."""
        package = self.package
        if package.state not in HAS_IT or (package.state == State.ACTIVE and self.is_over):
            return 0
        return unused_worth(
            [one.number for one in self.credits],
            price=package.price_amount,
            sessions=package.sessions,
            given_back=package.refund_amount,
        )


def offers_at(location: Location, *, online: bool = False) -> QuerySet[PackageOffer]:
    """What is sold here now; none where nothing may be asked for in advance."""
    if not may_prepay(location):
        return PackageOffer.objects.none()
    sold = PackageOffer.objects.filter(location=location, active=True).prefetch_related("services")
    return sold.filter(online=True) if online else sold


def packages_of(patient: Patient) -> QuerySet[Package]:
    """A patient's packages, the latest first, with their sessions; those that were never paid are left out."""
    return _with_sessions(Package.objects.filter(patient=patient)).exclude(state=State.LAPSED)


def packages_of_user(user: User) -> QuerySet[Package]:
    """The packages of everybody whom this account may act for and see."""
    mine = Package.objects.filter(patient__user=user, patient__erased_at=None)
    return _with_sessions(mine.exclude(patient__guardian_sees=Patient.GuardianSees.NOTHING))


def all_packages() -> QuerySet[Package]:
    """Every package, for reception and managers."""
    return _with_sessions(Package.objects.all())


def standings(packages: QuerySet[Package], *, now: datetime) -> list[Standing]:
    """These packages with what is left of each."""
    return [Standing.of(package, now=now) for package in packages]


def usable_package(visit: Appointment, patient: Patient | None) -> Package | None:
    """The package that can pay this visit of the patient, the one that ends first. `visit` may be a mere hold."""
    return next(iter(_usable(visit, patient)), None)


def package_for(patient: Patient, service: HealthcareService, *, location: Location, on: date) -> Package | None:
    """The one that could pay a visit of the patient on that day, before any time is chosen."""
    if not service.price_amount:
        return None
    return next(iter(_with_some_left(patient, service, location, service.currency, on)), None)


def sessions_for(visit: Appointment, patient: Patient | None) -> int:
    """How many sessions could pay this visit of the patient, and those before it."""
    return sum(_unused(package) for package in _usable(visit, patient))


def next_session(package: Package) -> tuple[int, int]:
    """The number of the session that is used next, and what it pays in minor units; one must be left."""
    used = (one.number for one in package.credits.all() if one.returned_at is None)
    number = next_number(used, sessions=package.sessions)
    assert number is not None
    return number, share(number, price=package.price_amount, sessions=package.sessions)


def _usable(visit: Appointment, patient: Patient | None) -> list[Package]:
    if patient is None or not visit.price_amount:
        return []
    day = wall_date(visit.start, visit.time_zone)
    return _with_some_left(patient, visit.service, visit.location, visit.currency, day)


def _with_some_left(
    patient: Patient, service: HealthcareService, location: Location, currency: str, day: date
) -> list[Package]:
    bought = packages_of(patient).filter(state=State.ACTIVE, services=service, location=location)
    lasting = bought.filter(currency=currency, expires_on__gte=day).order_by("expires_on", "bought_at", "pk")
    return [one for one in lasting if _unused(one)]


def _unused(package: Package) -> int:
    return package.sessions - sum(one.returned_at is None for one in package.credits.all())


def session_of(visit: Appointment) -> PackageCredit | None:
    """The session that pays a visit."""
    return PackageCredit.objects.select_related("package").filter(appointment=visit, returned_at=None).first()


def payment_of_package(package: Package) -> Payment | None:
    """The payment with which it was bought, or is to be."""
    return package.payments.filter(purpose=Payment.Purpose.PACKAGE).order_by("-created_at").first()


def movements_of(package: Package) -> QuerySet[LedgerEntry]:
    """The money that came and went for a package, oldest first."""
    moved = Q(kind__in=[Kind.CAPTURE, Kind.DESK, Kind.REFUND, Kind.REFUND_FAILED])
    return LedgerEntry.objects.filter(moved, payment__package=package).order_by("recorded_at", "pk")


def unused_worth_of(location: Location) -> int:
    """What the clinic still owes in visits: the worth of all unused sessions of what was bought and not given back."""
    packages = _with_sessions(Package.objects.filter(location=location, state__in=HAS_IT))
    return sum(
        unused_worth(
            [one.number for one in package.credits.all() if one.returned_at is None],
            price=package.price_amount,
            sessions=package.sessions,
            given_back=package.refund_amount,
        )
        for package in packages
    )


def _with_sessions(packages: QuerySet[Package]) -> QuerySet[Package]:
    used = PackageCredit.objects.select_related("appointment__service").order_by("number", "used_at")
    return packages.select_related("location", "patient", "offer").prefetch_related(
        "services", Prefetch("credits", queryset=used)
    )
