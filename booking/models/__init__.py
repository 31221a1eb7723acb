from booking.models.after_care import AfterCareAnswer, AfterCareSettings, OnCallNotice, OnCallTurn
from booking.models.appointment import Appointment
from booking.models.call import Call
from booking.models.closure import Displacement, RoomClosure
from booking.models.course import Course
from booking.models.document import Document, DocumentCopy, DocumentSeries, TaxRate
from booking.models.encounter import Encounter, TreatmentRecord
from booking.models.fee_case import FeeCase
from booking.models.feed import CalendarFeed
from booking.models.healthcare_service import HealthcareService
from booking.models.incident import Incident, IncidentEntry
from booking.models.kept_card import KeptCard
from booking.models.location import Location, Room
from booking.models.month import MonthClose, MonthLine
from booking.models.offer import Offer
from booking.models.package import Package, PackageCredit, PackageOffer
from booking.models.pay_link import PayLink
from booking.models.pay_split import PaySplit
from booking.models.payer import Claim, Cover, Payer
from booking.models.payout import Payout, StripeMovement
from booking.models.practitioner import Practitioner
from booking.models.registration import Registration
from booking.models.schedule import BusyTime, DaySchedule, HolidayOverride, Schedule, TimeOff
from booking.models.stand_in import StandIn
from booking.models.task import Task, TaskAttempt
from booking.models.terms import Agreement, PatientTerms, PaymentTerms, Way
from booking.models.till import TillCount, TillLine
from booking.models.waitlist import FreedTime, WaitlistEntry
from booking.models.watch import Pulse, Standstill

__all__ = [
    "AfterCareAnswer",
    "AfterCareSettings",
    "Agreement",
    "Appointment",
    "BusyTime",
    "CalendarFeed",
    "Call",
    "Claim",
    "Course",
    "Cover",
    "DaySchedule",
    "Displacement",
    "Document",
    "DocumentCopy",
    "DocumentSeries",
    "Encounter",
    "FeeCase",
    "FreedTime",
    "HealthcareService",
    "HolidayOverride",
    "Incident",
    "IncidentEntry",
    "KeptCard",
    "Location",
    "MonthClose",
    "MonthLine",
    "Offer",
    "OnCallNotice",
    "OnCallTurn",
    "Package",
    "PackageCredit",
    "PackageOffer",
    "PatientTerms",
    "PayLink",
    "PaySplit",
    "Payer",
    "PaymentTerms",
    "Payout",
    "Practitioner",
    "Pulse",
    "Registration",
    "Room",
    "RoomClosure",
    "Schedule",
    "StandIn",
    "Standstill",
    "StripeMovement",
    "Task",
    "TaskAttempt",
    "TaxRate",
    "TillCount",
    "TillLine",
    "TimeOff",
    "TreatmentRecord",
    "WaitlistEntry",
    "Way",
]
