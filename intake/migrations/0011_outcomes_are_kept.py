import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import intake.crypto


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0010_forms_answered_in_haste"),
    ]

    operations = [
        migrations.CreateModel(
            name="Observation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("focus_id", models.UUIDField(null=True)),
                ("effective_at", models.DateTimeField()),
                ("content", intake.crypto.EncryptedField()),
            ],
            options={
                "ordering": ["effective_at", "id"],
            },
        ),
        migrations.AddField(
            model_name="observation",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="observations", to="intake.patient"
            ),
        ),
        migrations.AddField(
            model_name="observation",
            name="recorded_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="observation",
            index=models.Index(fields=["patient", "effective_at"], name="intake_obse_patient_3e5b0b_idx"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="observation",
            trigger=pgtrigger.compiler.Trigger(
                name="observation_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="20e6a50d1cc8c3a4f20670459e0d4fcc719ea2ff",
                    operation="UPDATE",
                    pgid="pgtrigger_observation_is_append_only_4f085",
                    table="intake_observation",
                    when="BEFORE",
                ),
            ),
        ),
    ]
