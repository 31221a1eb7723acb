from booking.models.appointment import Appointment
from booking.models.encounter import Encounter, TreatmentRecord
from booking.models.healthcare_service import HealthcareService
from booking.models.location import Location, Room
from booking.models.practitioner import Practitioner
from booking.models.schedule import Schedule, TimeOff
from booking.models.stand_in import StandIn
from booking.models.task import Task, TaskAttempt

__all__ = [
    "Appointment",
    "Encounter",
    "HealthcareService",
    "Location",
    "Practitioner",
    "Room",
    "Schedule",
    "StandIn",
    "Task",
    "TaskAttempt",
    "TimeOff",
    "TreatmentRecord",
]
