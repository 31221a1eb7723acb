import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import intake.crypto


class Migration(migrations.Migration):
    """What happens in the room, and the clinic's rule for the consent of the young."""

    dependencies = [
        ("booking", "0004_staff_have_tasks"),
        ("intake", "0004_patients_consent"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="location",
            name="guardian_sees",
            field=models.CharField(
                choices=[("all", "visits and answers"), ("appointments", "visits only"), ("nothing", "nothing")],
                default="all",
                help_text="What a parent's account sees of a young person, until their therapist sets something else.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="mature_minor_age",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="From this age a young person may agree alone. Empty: only if the therapist finds them able to.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Encounter",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("in-progress", "under way"), ("finished", "recorded")],
                        default="in-progress",
                        max_length=20,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("plan", intake.crypto.EncryptedField(null=True)),
                (
                    "appointment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="encounter", to="booking.appointment"
                    ),
                ),
                (
                    "consent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="encounters",
                        to="intake.consent",
                    ),
                ),
                (
                    "screening",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="encounters",
                        to="intake.screening",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TreatmentRecord",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "needling",
                    models.CharField(
                        choices=[
                            ("done", "needled"),
                            ("stopped", "begun, and stopped at the patient's word"),
                            ("none", "no needling today"),
                        ],
                        max_length=10,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("content", intake.crypto.EncryptedField()),
                (
                    "consent",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="intake.consent"
                    ),
                ),
                (
                    "encounter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="records", to="booking.encounter"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["recorded_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("needling", "none"), ("consent__isnull", False), _connector="OR"),
                        name="treatment_with_needles_has_a_consent",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatmentrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="treatment_record_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="74d967198816d12946efdc5eddc36b10a1e00387",
                    operation="UPDATE",
                    pgid="pgtrigger_treatment_record_is_append_only_46465",
                    table="booking_treatmentrecord",
                    when="BEFORE",
                ),
            ),
        ),
    ]
