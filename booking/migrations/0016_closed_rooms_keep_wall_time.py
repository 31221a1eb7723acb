from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import migrations, models


def keep_wall_time(apps, schema_editor):
    for row in apps.get_model("booking", "RoomClosure").objects.filter(wall_start="").select_related("room__location"):
        row.time_zone = row.room.location.time_zone
        row.wall_start = _wall_text(row.start, row.time_zone)
        row.wall_end = _wall_text(row.end, row.time_zone)
        row.save(update_fields=["wall_start", "wall_end", "time_zone"])


def _wall_text(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0).isoformat()


class Migration(migrations.Migration):
    dependencies = [("booking", "0015_days_have_limits_and_gaps_a_use")]

    operations = [
        *(
            migrations.AddField(
                model_name="roomclosure", name=name, field=models.CharField(blank=True, default="", max_length=length)
            )
            for name, length in (("wall_start", 19), ("wall_end", 19), ("time_zone", 64))
        ),
        migrations.RunPython(keep_wall_time, migrations.RunPython.noop, elidable=True),
    ]
