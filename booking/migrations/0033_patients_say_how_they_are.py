import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import intake.crypto


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0032_payers_take_back"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                    ("money", "Money that does not agree"),
                    ("claim-denied", "Talk about a visit that the payer does not pay"),
                    ("after-visit-urgent", "Call at once: a patient asks for help after a visit"),
                    ("after-visit", "A patient would like a word after a visit"),
                ],
                max_length=30,
            ),
        ),
        migrations.CreateModel(
            name="AfterCareAnswer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("answered_at", models.DateTimeField()),
                (
                    "urgency",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "nothing to do"),
                            (1, "wants a word"),
                            (2, "sent to a doctor today"),
                            (3, "told to get help at once"),
                        ]
                    ),
                ),
                ("content", intake.crypto.EncryptedField()),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="after_care_answers",
                        to="booking.appointment",
                    ),
                ),
            ],
            options={
                "ordering": ["answered_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="AfterCareSettings",
            fields=[
                (
                    "location",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="booking.location",
                    ),
                ),
                (
                    "heat",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "say nothing of it"),
                            ("good", "fine if it feels good"),
                            ("avoid", "not on that day"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "ice",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "say nothing of it"),
                            ("good", "fine if it feels good"),
                            ("avoid", "not on that day"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "no_flying_hours",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, validators=[django.core.validators.MaxValueValidator(336)]
                    ),
                ),
                (
                    "answer_minutes",
                    models.PositiveSmallIntegerField(
                        default=15,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(240),
                        ],
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("answer_minutes__gte", 5), ("answer_minutes__lte", 240)),
                        name="after_care_minutes_are_some",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OnCallNotice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("told_at", models.DateTimeField()),
                ("is_last", models.BooleanField(default=False)),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to="booking.task"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["told_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="OnCallTurn",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "weekdays",
                    django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), size=None),
                ),
                ("start_time", models.TimeField()),
                ("end_time", models.TimeField()),
                ("rank", models.PositiveSmallIntegerField(default=1)),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="on_call_turns", to="booking.location"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="on_call_turns",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["rank", "start_time", "id"],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="aftercareanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="after_care_answer_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e870bbadcca734d6b5f9bf00b32d1a778abb1702",
                    operation="UPDATE",
                    pgid="pgtrigger_after_care_answer_is_append_only_bb434",
                    table="booking_aftercareanswer",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="oncallnotice",
            constraint=models.UniqueConstraint(fields=("task", "user"), name="on_call_notice_once"),
        ),
        migrations.AddConstraint(
            model_name="oncallturn",
            constraint=models.CheckConstraint(
                condition=models.Q(("rank__gte", 1), ("rank__lte", 9)), name="on_call_rank_is_one_to_nine"
            ),
        ),
        migrations.AddConstraint(
            model_name="oncallturn",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekdays__contained_by", [0, 1, 2, 3, 4, 5, 6]), ("weekdays__len__gte", 1)),
                name="on_call_has_days",
            ),
        ),
    ]
