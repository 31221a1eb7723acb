"""Reference data only: places, rooms, services, therapists and their hours. Never a patient, never a visit."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from booking.models import HealthcareService, Location, Practitioner, Registration, Room, Schedule, TaxRate
from booking.services.locks import lock_resources


class RoomInline(admin.TabularInline):
    model = Room
    extra = 0


class ScheduleInline(admin.TabularInline):
    model = Schedule
    extra = 0


class RegistrationInline(admin.TabularInline):
    model = Registration
    extra = 0


class TaxRateInline(admin.TabularInline):
    model = TaxRate
    extra = 0


@admin.register(Location)
class LocationAdmin(admin.ModelAdmin):
    list_display = ("name", "time_zone", "online_payment", "pay_at_desk")
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}
    inlines = (RoomInline, TaxRateInline)


@admin.register(HealthcareService)
class HealthcareServiceAdmin(admin.ModelAdmin):
    list_display = ("name", "minutes", "price_amount", "modality", "screening", "online")
    list_filter = ("modality", "online")
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}
    filter_horizontal = ("practitioners", "tax_rates")


@admin.register(Practitioner)
class PractitionerAdmin(admin.ModelAdmin):
    list_display = ("name", "title", "needling_authorisation", "needling_authorised_until", "active")
    search_fields = ("name",)
    inlines = (RegistrationInline, ScheduleInline)

    def save_model(self, request: HttpRequest, obj: Practitioner, form: Any, change: bool) -> None:
        """Hours are written under the therapist's lock, as every booking is (the form is one transaction)."""
        lock_resources(practitioners=[obj.pk])
        super().save_model(request, obj, form, change)
