from django.db import migrations, models

import booking.models.location


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0002_patients_fall_ill"),
    ]

    operations = [
        migrations.AddField(
            model_name="location",
            name="weekly_hours",
            field=models.JSONField(
                default=booking.models.location.default_weekly_hours,
                help_text='The same as times, for deadlines: {"mon": [["08:00", "12:00"], ["13:00", "18:00"]], ...}; days are mon, tue, wed, thu, fri, sat, sun. A day that is left out is closed.',
                validators=[booking.models.location.validate_weekly_hours],
            ),
        ),
        migrations.AlterField(
            model_name="location",
            name="review_response_hours",
            field=models.PositiveSmallIntegerField(default=24, help_text="Opening hours, not by the clock."),
        ),
    ]
