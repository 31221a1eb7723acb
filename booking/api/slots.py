"""Free times over HTTP. Their JSON is written here: serializer classes would cost more than finding the times."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from booking.api.descriptions import described
from booking.api.reading import query_of, screening_with
from booking.api.serializers import FirstSearch, FirstSlotOut, SlotSearch, SlotsOut, WhyNotOut, WhyNotSearch
from booking.models import Practitioner
from booking.rules.availability import Slot
from booking.selectors.locations import the_clinic
from booking.selectors.practitioners import works_at
from booking.selectors.slots import first_free, free_times
from booking.selectors.why_not import why_not
from intake.api.permissions import Anyone, WorksHere
from intake.clock import now

_NO_SCREENING = {409: "`not-cleared`: there is no such screening"}


class Slots(APIView):
    """Free times, one for each therapist and start."""

    permission_classes = (Anyone,)

    @described({200: SlotsOut}, 400, 409, parameters=[SlotSearch], codes=_NO_SCREENING)
    def get(self, request: Request) -> HttpResponse:
        asked = query_of(SlotSearch, request)
        found = free_times(
            service=asked["service"],
            from_date=asked["from"],
            to_date=asked["to"],
            practitioner=asked.get("practitioner"),
            location=asked.get("location"),
            screening=screening_with(asked.get("screening")),
            now=now(),
        )
        if not found.slots:
            _require_somebody(asked)
        zone = _zone(found.zones)
        slots = list(_written(found.slots, found.zones, zone))
        return _answer({"time_zone": zone, "slots": slots})


class FirstSlot(APIView):
    """The first free time, however many months ahead it is."""

    permission_classes = (Anyone,)

    @described({200: FirstSlotOut}, 400, 409, parameters=[FirstSearch], codes=_NO_SCREENING)
    def get(self, request: Request) -> HttpResponse:
        asked = query_of(FirstSearch, request)
        slot = first_free(
            service=asked["service"],
            practitioner=asked.get("practitioner"),
            location=asked.get("location"),
            screening=screening_with(asked.get("screening")),
            from_date=asked.get("from"),
            now=now(),
        )
        if slot is None:
            _require_somebody(asked)
        zone = _zone({})
        return _answer({"time_zone": zone, "slot": next(_written([slot] if slot else [], {}, zone), None)})


class WhyNot(APIView):
    """Why a time is not offered, for staff."""

    permission_classes = (WorksHere,)

    @described({200: WhyNotOut}, 400, 403, parameters=[WhyNotSearch], codes={403: "`not-allowed`: staff only"})
    def get(self, request: Request) -> HttpResponse:
        asked = query_of(WhyNotSearch, request)
        service, one = asked["service"], asked.get("practitioner")
        answers = []
        for who in [one] if one else service.practitioners.filter(active=True):
            reasons = why_not(service=service, practitioner=who, start=asked["start"], now=now())
            said = [{"code": why.code, "words": why.words, "binds_staff": why.binds_staff} for why in reasons]
            answers.append({"practitioner": str(who.pk), "offered": not reasons, "reasons": said})
        return _answer({"therapists": answers})


def clinic_zone() -> str:
    """The time zone of the clinic that this installation belongs to."""
    clinic = the_clinic()
    return clinic.time_zone if clinic else settings.CLINIC_TIME_ZONE


def _zone(zones: Mapping[UUID, str]) -> str:
    """The one zone of all clinics that were looked at; else that of the first clinic."""
    different = set(zones.values())
    return different.pop() if len(different) == 1 else clinic_zone()


def _written(slots: Iterable[Slot], zones: Mapping[UUID, str], zone: str) -> Iterator[dict[str, str]]:
    clocks = {place: ZoneInfo(name) for place, name in zones.items()}
    usual = ZoneInfo(zone)
    as_text = cache(str)  # of a few ids, many times
    for slot in slots:
        clock = clocks.get(slot.location, usual)
        yield {
            "start": slot.start.astimezone(clock).isoformat(),
            "end": slot.end.astimezone(clock).isoformat(),
            "practitioner": as_text(slot.practitioner),
            "location": as_text(slot.location),
        }


def _answer(content: dict[str, Any]) -> HttpResponse:
    text = json.dumps(content, separators=(",", ":"))
    return HttpResponse(text, content_type="application/json", headers={"Cache-Control": "no-store"})


def _require_somebody(asked: dict[str, Any]) -> None:
    """Asked only where nothing was found, so that a good question costs no query more.

    :raises ValidationError: there is no such therapist, or they don't work at that clinic
    """
    practitioner, location = asked.get("practitioner"), asked.get("location")
    if practitioner is None:
        return
    if not Practitioner.objects.filter(pk=practitioner, active=True).exists():
        raise serializers.ValidationError({"practitioner": [_("There is no such entry.")]})
    if location is not None and not works_at(practitioner, location):
        raise serializers.ValidationError({"practitioner": [_("They don't work at that clinic.")]})
