import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import intake.crypto


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0005_forms_go_on_elsewhere"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="screeningdecision", name="approval_has_an_end"),
        migrations.AlterField(
            model_name="screeningdecision",
            name="decision",
            field=models.CharField(
                choices=[
                    ("approved", "approved"),
                    ("lowered", "lowered to with care"),
                    ("asked", "asked the patient"),
                    ("declined", "declined"),
                    ("raised", "raised to no needling"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="screeningdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decision__in", ["approved", "lowered"]), _negated=True),
                    ("valid_until__isnull", False),
                    _connector="OR",
                ),
                name="approval_has_an_end",
            ),
        ),
        migrations.AddField(
            model_name="screening",
            name="raised_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="PatientReply",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("content", intake.crypto.EncryptedField()),
                ("replied_at", models.DateTimeField()),
                (
                    "question",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reply",
                        to="intake.screeningdecision",
                    ),
                ),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientreply",
            trigger=pgtrigger.compiler.Trigger(
                name="patient_reply_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="7b0c760bea4ca2d78d64ca4b133aeda1e32f20fc",
                    operation="UPDATE",
                    pgid="pgtrigger_patient_reply_is_append_only_0d1fc",
                    table="intake_patientreply",
                    when="BEFORE",
                ),
            ),
        ),
    ]
