import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("booking", "0009_there_is_a_waitlist"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="RoomClosure",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=120)),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="closures", to="booking.room"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["start", "end"], name="booking_roo_start_3a2a3c_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end__gt", models.F("start"))), name="room_closure_ends_after_it_starts"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Displacement",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("closure_id", models.UUIDField()),
                ("wall_start", models.CharField(max_length=16)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "asked"),
                            ("moved", "moved"),
                            ("cancelled", "cancelled"),
                            ("unanswered", "no answer"),
                            ("settled", "settled otherwise"),
                        ],
                        max_length=12,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("answer_by", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="displacements",
                        to="booking.appointment",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["made_at", "id"],
                "indexes": [
                    models.Index(fields=["closure_id"], name="booking_dis_closure_45b601_idx"),
                    models.Index(
                        condition=models.Q(("state", "asked")), fields=["answer_by"], name="displacement_asked"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answer_by__isnull", False), ("decided_at__isnull", True), ("state", "asked")
                        )
                        | models.Q(models.Q(("state", "asked"), _negated=True), ("decided_at__isnull", False)),
                        name="displacement_asked_until_decided",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked")),
                        fields=("appointment",),
                        name="displacement_asked_once_at_a_time",
                    ),
                ],
            },
        ),
        migrations.AlterField(
            model_name="task",
            name="kind",
            field=models.CharField(
                choices=[
                    ("call-back", "Call back"),
                    ("likely-same-person", "Perhaps one person with two records"),
                    ("review-overdue", "A request was not answered in time"),
                    ("displaced", "Call about a visit that can't take place as booked"),
                    ("withdrawn-consent", "A patient has taken back their agreement"),
                ],
                max_length=30,
            ),
        ),
    ]
