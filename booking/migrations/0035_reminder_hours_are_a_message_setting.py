"""They have moved to what a clinic sets for its messages."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0034_incidents_are_logged"),
        ("reminders", "0005_reminder_hours_become_a_setting"),
    ]

    operations = [migrations.RemoveField(model_name="location", name="reminder_hours")]
