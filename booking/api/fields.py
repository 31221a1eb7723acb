"""Values as programs write them: moments with an offset, money, references by id or slug; of no other JSON type."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiTypes, extend_schema_field
from phonenumber_field.serializerfields import PhoneNumberField
from rest_framework import serializers

from booking.models import Location

_NO_OFFSET = re.compile(r"[+-]\d\d:?[6-9]\d$")  # an hour has no ninety-nine minutes, but the parser adds them up


class Text(serializers.CharField):
    """A JSON string; a number is none."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data) if isinstance(data, str) else self.fail("invalid")


class Phone(PhoneNumberField):
    """A telephone number in any usual way of writing, as a JSON string."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data) if isinstance(data, str) else self.fail("invalid")


class YesNo(serializers.BooleanField):
    """JSON's true or false; "yes" and 1 are none."""

    def to_internal_value(self, data: Any) -> bool:
        return data if isinstance(data, bool) else self.fail("invalid", input=data)


class Day(serializers.DateField):
    """A date, 2026-12-01."""

    def to_internal_value(self, value: Any) -> Any:
        return super().to_internal_value(value) if isinstance(value, str) else self.fail("invalid", format="YYYY-MM-DD")


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field[Any, Any, Any, Any]):
    """An ISO 8601 moment that says its offset."""

    default_error_messages: ClassVar = {"invalid": _("Write the time as 2026-12-01T09:00:00-07:00, with its offset.")}

    def to_internal_value(self, data: Any) -> datetime:
        try:
            moment = parse_datetime(data) if isinstance(data, str) and not _NO_OFFSET.search(data) else None
            if moment is None or moment.utcoffset() is None:
                self.fail("invalid")
            return self.checked(moment).astimezone(UTC)
        except (ValueError, OverflowError):  # no such moment, or outside the calendar once in UTC
            self.fail("invalid")

    def checked(self, moment: datetime) -> datetime:
        """The moment as it was written, if it is taken."""
        return moment


@extend_schema_field(OpenApiTypes.DATETIME)
class Start(Moment):
    """When a visit begins, in UTC or on a clinic's clock.

    Any other offset is most likely an hour off: it comes from old time-zone data, or from another season.
    """

    default_error_messages: ClassVar = {
        "offset": _("The clinic's clock has another offset then. Write the time as `slots/` does, or in UTC.")
    }

    def checked(self, moment: datetime) -> datetime:
        if moment.utcoffset() and moment.utcoffset() not in _offsets_at(moment):
            self.fail("offset")
        return moment


def _offsets_at(moment: datetime) -> set[timedelta | None]:
    zones = Location.objects.order_by().values_list("time_zone", flat=True).distinct()
    return {moment.astimezone(ZoneInfo(zone)).utcoffset() for zone in zones}


@extend_schema_field(OpenApiTypes.STR)
class Known(serializers.Field[Any, Any, Any, Any]):
    """One of the rows that may be named here, by id (or slug where it has one)."""

    default_error_messages: ClassVar = {"unknown": _("There is no such entry.")}

    def __init__(self, rows: QuerySet[Any], **options: Any) -> None:
        super().__init__(**options)
        self._rows = rows

    def to_internal_value(self, data: Any) -> Model:
        found = self._rows.all().filter(**self._condition(data)).first()
        if found is None:
            self.fail("unknown")
        return found

    def _condition(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, str):
            self.fail("unknown")
        try:
            return {"pk": UUID(data)}
        except ValueError:
            has_slug = any(field.name == "slug" for field in self._rows.model._meta.get_fields())
            return {"slug": data} if has_slug else self.fail("unknown")


class WallTime(serializers.DateTimeField):
    """A moment on the clinic's clock, with its offset; the clinic's zone is the row's own or the context's."""

    def get_attribute(self, instance: Any) -> datetime | None:
        moment = super().get_attribute(instance)
        zone = getattr(instance, "time_zone", None) or self.context["time_zone"]
        return moment and moment.astimezone(ZoneInfo(zone))

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class MoneyOut(serializers.Serializer[Any]):
    """An amount of money."""

    amount = serializers.IntegerField(help_text="Minor units.")
    currency = serializers.CharField()


@extend_schema_field(MoneyOut)
class Money(serializers.Field[Any, Any, Any, Any]):
    """An amount of the row, in the row's currency; null where it may be and is nothing."""

    def get_attribute(self, instance: Any) -> dict[str, Any] | None:
        amount = super().get_attribute(instance)
        return None if self.allow_null and not amount else {"amount": amount, "currency": instance.currency}

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value
