"""A clinic's hours of reminders stood with its address; they go to what it sets for its messages, and back."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

OURS = [48, 2]


def to_settings(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    setting, now = apps.get_model("reminders", "MessageSetting"), timezone.now()
    for location in apps.get_model("booking", "Location").objects.exclude(reminder_hours=OURS):
        hours = sorted({hour for hour in location.reminder_hours if hour}, reverse=True)
        setting.objects.create(location=location, kind="reminder", on=bool(hours), hours=hours[:3], changed_at=now)


def to_locations(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    for setting in apps.get_model("reminders", "MessageSetting").objects.filter(kind="reminder"):
        hours = (setting.hours or OURS) if setting.on else []
        apps.get_model("booking", "Location").objects.filter(pk=setting.location_id).update(reminder_hours=hours)
    apps.get_model("reminders", "MessageSetting").objects.filter(kind="reminder").delete()


class Migration(migrations.Migration):
    dependencies = [("reminders", "0004_clinics_set_their_messages"), ("booking", "0034_incidents_are_logged")]

    operations = [migrations.RunPython(to_settings, to_locations)]
