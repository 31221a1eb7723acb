import uuid

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

PROVINCES = [
    ("AB", "Alberta"),
    ("BC", "British Columbia"),
    ("MB", "Manitoba"),
    ("NB", "New Brunswick"),
    ("NL", "Newfoundland and Labrador"),
    ("NS", "Nova Scotia"),
    ("NT", "Northwest Territories"),
    ("NU", "Nunavut"),
    ("ON", "Ontario"),
    ("PE", "Prince Edward Island"),
    ("QC", "Quebec"),
    ("SK", "Saskatchewan"),
    ("YT", "Yukon"),
]


def _id() -> models.UUIDField:
    return models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)


def _of(model: str, related_name: str, on_delete=django.db.models.deletion.CASCADE) -> models.ForeignKey:
    return models.ForeignKey(on_delete=on_delete, related_name=related_name, to=model)


class Migration(migrations.Migration):
    dependencies = [("booking", "0010_rooms_can_be_closed")]

    operations = [
        migrations.AddField(
            model_name="location",
            name="province",
            field=models.CharField(
                blank=True,
                choices=PROVINCES,
                default="",
                help_text="Its public holidays are days off. Empty: only the days you close yourself.",
                max_length=2,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="schedule",
            name="every_weeks",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="2 is every other week, counted from the week of the first date."
            ),
        ),
        migrations.AddField(model_name="schedule", name="is_break", field=models.BooleanField(default=False)),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=Q(every_weeks=1) | Q(every_weeks__range=(2, 8), first_date__isnull=False),
                name="schedule_turns_count_from_a_date",
            ),
        ),
        *(
            migrations.AddField(
                model_name="timeoff", name=name, field=models.CharField(blank=True, default="", max_length=length)
            )
            for name, length in (("wall_start", 19), ("wall_end", 19), ("time_zone", 64))
        ),
        migrations.CreateModel(
            name="DaySchedule",
            fields=[
                ("id", _id()),
                ("practitioner", _of("booking.practitioner", "day_schedules")),
                ("location", _of("booking.location", "day_schedules", django.db.models.deletion.PROTECT)),
                ("date", models.DateField()),
                ("start_time", models.TimeField(blank=True, null=True)),
                ("end_time", models.TimeField(blank=True, null=True)),
                ("replaces", models.BooleanField(default=True)),
            ],
            options={
                "indexes": [models.Index(fields=["practitioner", "date"], name="booking_day_practit_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(start_time__isnull=False, end_time__gt=F("start_time"))
                        | Q(start_time__isnull=True, end_time__isnull=True, replaces=True),
                        name="day_schedule_has_times_or_is_off",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HolidayOverride",
            fields=[
                ("id", _id()),
                ("location", _of("booking.location", "holiday_overrides")),
                ("date", models.DateField()),
                ("open", models.BooleanField()),
                ("name", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["location", "date"], name="holiday_override_once_a_day")
                ]
            },
        ),
        migrations.CreateModel(
            name="BusyTime",
            fields=[
                ("id", _id()),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("wall_start", models.CharField(blank=True, default="", max_length=19)),
                ("wall_end", models.CharField(blank=True, default="", max_length=19)),
                ("time_zone", models.CharField(blank=True, default="", max_length=64)),
                ("practitioner", _of("booking.practitioner", "busy_times")),
                ("source_name", models.CharField(max_length=60)),
                ("uploaded_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["practitioner", "start", "end"], name="booking_busy_practit_idx")],
                "constraints": [
                    models.CheckConstraint(condition=Q(end__gt=F("start")), name="busy_time_ends_after_it_starts")
                ],
            },
        ),
    ]
