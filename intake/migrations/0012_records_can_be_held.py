import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import intake.crypto


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0011_outcomes_are_kept"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecordHold",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("placed_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
                ("content", intake.crypto.EncryptedField()),
            ],
            options={
                "ordering": ["-placed_at", "id"],
            },
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(("kept_on_hold", False), ("erased_at__isnull", True), _connector="OR"),
                name="patient_on_hold_is_not_erased",
            ),
        ),
        migrations.AddField(
            model_name="recordhold",
            name="lifted_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="recordhold",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="record_holds", to="intake.patient"
            ),
        ),
        migrations.AddField(
            model_name="recordhold",
            name="placed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="recordhold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("lifted_at__isnull", True)), fields=("patient",), name="record_hold_one_in_force"
            ),
        ),
        migrations.AddConstraint(
            model_name="recordhold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lifted_at__isnull", True), ("lifted_by__isnull", True)),
                    models.Q(("lifted_at__isnull", False), ("lifted_by__isnull", False)),
                    _connector="OR",
                ),
                name="record_hold_lifted_by_somebody",
            ),
        ),
    ]
