from booking.models.appointment import Appointment
from booking.models.healthcare_service import HealthcareService
from booking.models.location import Location, Room
from booking.models.practitioner import Practitioner
from booking.models.schedule import Schedule, TimeOff

__all__ = ["Appointment", "HealthcareService", "Location", "Practitioner", "Room", "Schedule", "TimeOff"]
