from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import migrations


def keep_wall_time(apps, schema_editor):
    for row in apps.get_model("booking", "TimeOff").objects.filter(wall_start="").select_related("location"):
        row.time_zone = row.location.time_zone
        row.wall_start = _wall_text(row.start, row.time_zone)
        row.wall_end = _wall_text(row.end, row.time_zone)
        row.save(update_fields=["wall_start", "wall_end", "time_zone"])


def _wall_text(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0).isoformat()


class Migration(migrations.Migration):
    dependencies = [("booking", "0011_hours_have_breaks_and_turns")]

    operations = [migrations.RunPython(keep_wall_time, migrations.RunPython.noop, elidable=True)]
