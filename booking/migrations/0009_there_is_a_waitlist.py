import datetime
import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0008_private_answers"),
        ("intake", "0010_forms_answered_in_haste"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="location",
            name="offer_minutes",
            field=models.PositiveSmallIntegerField(
                default=30, help_text="How long a time that became free is held for each who waits."
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="offers_from",
            field=models.TimeField(default=datetime.time(8), help_text="Nobody is offered a time before this hour..."),
        ),
        migrations.AddField(
            model_name="location",
            name="offers_until",
            field=models.TimeField(
                default=datetime.time(20), help_text="... and no offer ends after this hour of the same day."
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="source",
            field=models.CharField(
                choices=[
                    ("patient", "patient pages"),
                    ("desk", "reception"),
                    ("api", "API"),
                    ("waitlist", "waitlist"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="WaitlistEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("served", "has a time"),
                            ("left", "left the list"),
                            ("ended", "ended"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waitlist_entries",
                        to="intake.patient",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="booking.healthcareservice"
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="booking.location"
                    ),
                ),
                (
                    "practitioners",
                    models.ManyToManyField(blank=True, related_name="+", to="booking.practitioner"),
                ),
                (
                    "screening",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="intake.screening",
                    ),
                ),
                (
                    "swap_for",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waitlist_entries",
                        to="booking.appointment",
                    ),
                ),
                ("weekly_hours", models.JSONField(default=dict)),
                ("from_date", models.DateField(null=True)),
                ("until_date", models.DateField(null=True)),
                (
                    "urgency",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "soon"), (2, "ordinary")],
                        default=2,
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["urgency", "created_at", "id"],
                "indexes": [
                    models.Index(
                        condition=Q(status="waiting"),
                        fields=["location", "urgency", "created_at"],
                        name="waitlist_in_line",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(status="waiting", ended_at__isnull=True)
                        | (~Q(status="waiting") & Q(ended_at__isnull=False)),
                        name="waitlist_ended_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=Q(from_date__isnull=True)
                        | Q(until_date__isnull=True)
                        | Q(until_date__gte=F("from_date")),
                        name="waitlist_ends_after_it_starts",
                    ),
                    models.UniqueConstraint(
                        condition=Q(status="waiting"), fields=["swap_for"], name="waitlist_once_for_a_visit"
                    ),
                    models.UniqueConstraint(
                        condition=Q(status="waiting", swap_for__isnull=True),
                        fields=["patient", "service"],
                        name="waitlist_once_for_a_service",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FreedTime",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="freed_times",
                        to="booking.appointment",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="booking.practitioner"
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="booking.location"
                    ),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("handled_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=Q(handled_at__isnull=True), fields=["due_at"], name="freed_time_due")
                ],
                "constraints": [
                    models.CheckConstraint(condition=Q(end__gt=F("start")), name="freed_time_ends_after_it_starts")
                ],
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "waiting for an answer"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("expired", "not answered in time"),
                            ("withdrawn", "taken back"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="offer", to="booking.appointment"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="booking.waitlistentry",
                    ),
                ),
                (
                    "freed_time",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="offers",
                        to="booking.freedtime",
                    ),
                ),
                (
                    "instead_of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers_instead",
                        to="booking.appointment",
                    ),
                ),
                ("group", models.UUIDField(null=True)),
                ("token_hash", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["created_at", "id"],
                "indexes": [
                    models.Index(condition=Q(status="open"), fields=["expires_at"], name="offer_open"),
                    models.Index(fields=["token_hash"], name="offer_by_token"),
                    models.Index(condition=Q(group__isnull=False), fields=["group"], name="offer_of_group"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(status="open", decided_at__isnull=True)
                        | (~Q(status="open") & Q(decided_at__isnull=False)),
                        name="offer_decided_has_a_time",
                    ),
                    models.CheckConstraint(
                        condition=Q(entry__isnull=False) | Q(instead_of__isnull=False), name="offer_is_for_somebody"
                    ),
                    models.UniqueConstraint(
                        condition=Q(status="open"), fields=["entry"], name="offer_one_open_for_an_entry"
                    ),
                    models.UniqueConstraint(
                        condition=Q(status="accepted"), fields=["group"], name="offer_one_accepted_of_a_group"
                    ),
                ],
            },
        ),
    ]
