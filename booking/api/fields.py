"""Values as programs write them: moments with an offset, money, references by id or slug."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class Moment(serializers.Field[Any, Any, Any, Any]):
    """An ISO 8601 moment that says its offset."""

    default_error_messages = {"invalid": _("Write the time as 2026-12-01T09:00:00-07:00, with its offset.")}

    def to_internal_value(self, data: Any) -> datetime:
        try:
            moment = parse_datetime(data) if isinstance(data, str) else None
            if moment is None or moment.utcoffset() is None:
                self.fail("invalid")
            return moment.astimezone(ZoneInfo("UTC"))
        except (ValueError, OverflowError):
            self.fail("invalid")


class Known(serializers.Field[Any, Any, Any, Any]):
    """One of the rows that may be named here, by id (or slug where it has one)."""

    default_error_messages = {"unknown": _("There is no such entry.")}

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


def money(amount: int, currency: str) -> dict[str, Any]:
    """Minor units and their currency."""
    return {"amount": amount, "currency": currency}


def local(moment: datetime | None, zone: str) -> str | None:
    """The moment on the clinic's clock, with its offset."""
    return None if moment is None else moment.astimezone(ZoneInfo(zone)).isoformat()
