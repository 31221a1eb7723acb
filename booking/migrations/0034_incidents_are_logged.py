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
        ("booking", "0033_patients_say_how_they_are"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("complaint", "Complaint"), ("incident", "Incident")], max_length=20),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[("mild", "mild"), ("significant", "significant"), ("serious", "serious")],
                        max_length=20,
                    ),
                ),
                ("happened_at", models.DateTimeField()),
                ("logged_at", models.DateTimeField()),
                ("reply_due_date", models.DateField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("request_key", models.UUIDField(unique=True)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="incidents", to="booking.appointment"
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "logged_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IncidentEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("logged", "logged"),
                            ("noted", "note added"),
                            ("changed", "severity or due date changed"),
                            ("closed", "closed"),
                            ("reopened", "opened again"),
                        ],
                        max_length=20,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                (
                    "severity",
                    models.CharField(
                        choices=[("mild", "mild"), ("significant", "significant"), ("serious", "serious")],
                        max_length=20,
                    ),
                ),
                ("reply_due_date", models.DateField(null=True)),
                ("content", intake.crypto.EncryptedField()),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="booking.incident"
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
            },
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)), fields=["reply_due_date"], name="incident_open"
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["happened_at"], name="booking_inc_happene_c86274_idx"),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("closed_by__isnull", True)),
                    models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                    _connector="OR",
                ),
                name="incident_closed_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("happened_at__lte", models.F("logged_at"))), name="incident_has_happened"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incidententry",
            trigger=pgtrigger.compiler.Trigger(
                name="incident_entry_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="03b0870da232b139711d08a659d84e172f0409d3",
                    operation="UPDATE",
                    pgid="pgtrigger_incident_entry_is_append_only_0196c",
                    table="booking_incidententry",
                    when="BEFORE",
                ),
            ),
        ),
    ]
