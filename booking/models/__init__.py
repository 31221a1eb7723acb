from booking.models.appointment import Appointment
from booking.models.closure import Displacement, RoomClosure
from booking.models.course import Course
from booking.models.document import Document, DocumentCopy, DocumentSeries, TaxRate
from booking.models.encounter import Encounter, TreatmentRecord
from booking.models.healthcare_service import HealthcareService
from booking.models.location import Location, Room
from booking.models.offer import Offer
from booking.models.payer import Claim, Cover, Payer
from booking.models.practitioner import Practitioner
from booking.models.registration import Registration
from booking.models.schedule import BusyTime, DaySchedule, HolidayOverride, Schedule, TimeOff
from booking.models.stand_in import StandIn
from booking.models.task import Task, TaskAttempt
from booking.models.waitlist import FreedTime, WaitlistEntry

__all__ = [
    "Appointment",
    "BusyTime",
    "Claim",
    "Course",
    "Cover",
    "DaySchedule",
    "Displacement",
    "Document",
    "DocumentCopy",
    "DocumentSeries",
    "Encounter",
    "FreedTime",
    "HealthcareService",
    "HolidayOverride",
    "Location",
    "Offer",
    "Payer",
    "Practitioner",
    "Registration",
    "Room",
    "RoomClosure",
    "Schedule",
    "StandIn",
    "Task",
    "TaskAttempt",
    "TaxRate",
    "TimeOff",
    "TreatmentRecord",
    "WaitlistEntry",
]
