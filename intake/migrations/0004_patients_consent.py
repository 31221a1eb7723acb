import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import intake.crypto


class Migration(migrations.Migration):
    """What a patient agreed to, and what a parent's account may see of a young person."""

    dependencies = [
        ("intake", "0003_search_extensions"),
    ]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="guardian_sees",
            field=models.CharField(
                choices=[("all", "visits and answers"), ("appointments", "visits only"), ("nothing", "nothing")],
                default="all",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="patient",
            name="guardian_sees_why",
            field=intake.crypto.EncryptedField(null=True),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("proposed", "signed as read"), ("active", "said yes"), ("inactive", "ended")],
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("information_version", models.CharField(blank=True, max_length=40)),
                ("information_hash", models.CharField(blank=True, max_length=64)),
                ("language", models.CharField(blank=True, max_length=5)),
                ("shown_at", models.DateTimeField(null=True)),
                ("signed_at", models.DateTimeField(null=True)),
                (
                    "signer",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("self", "the patient"),
                            ("guardian", "a parent or guardian"),
                            ("substitute", "a substitute decision-maker"),
                        ],
                        max_length=20,
                    ),
                ),
                ("recorded_at", models.DateTimeField(null=True)),
                ("content", intake.crypto.EncryptedField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawal", intake.crypto.EncryptedField(null=True)),
                (
                    "earlier",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="intake.consent"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="consents", to="intake.patient"
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["patient", "-created_at"], name="intake_cons_patient_8b5eb3_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "active"), _negated=True),
                            models.Q(("recorded_at__isnull", False), ("recorded_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="consent_active_was_heard_by_a_therapist",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "proposed"), _negated=True),
                            models.Q(
                                ("shown_at__isnull", False),
                                ("signed_at__isnull", False),
                                models.Q(("information_hash", ""), _negated=True),
                                models.Q(("signer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="consent_signature_says_what_was_shown",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", False), ("status", "inactive")),
                            models.Q(
                                models.Q(("status", "inactive"), _negated=True),
                                ("ended_at__isnull", True),
                                ("withdrawn_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="consent_only_ended_ones_have_an_end",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status", "active")),
                        fields=("patient",),
                        name="consent_one_active_a_patient",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="consent",
            trigger=pgtrigger.compiler.Trigger(
                name="consent_says_what_it_said",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."patient_id" IS DISTINCT FROM NEW."patient_id" OR OLD."created_at" IS DISTINCT FROM NEW."created_at" OR OLD."information_version" IS DISTINCT FROM NEW."information_version" OR OLD."information_hash" IS DISTINCT FROM NEW."information_hash" OR OLD."language" IS DISTINCT FROM NEW."language" OR OLD."shown_at" IS DISTINCT FROM NEW."shown_at" OR OLD."signed_at" IS DISTINCT FROM NEW."signed_at" OR OLD."signer" IS DISTINCT FROM NEW."signer" OR OLD."recorded_by_id" IS DISTINCT FROM NEW."recorded_by_id" OR OLD."recorded_at" IS DISTINCT FROM NEW."recorded_at" OR OLD."earlier_id" IS DISTINCT FROM NEW."earlier_id" OR OLD."content" IS DISTINCT FROM NEW."content")',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="c3b2f93e1827fbc726b3936e32a8c4853c826e32",
                    operation="UPDATE",
                    pgid="pgtrigger_consent_says_what_it_said_a8c67",
                    table="intake_consent",
                    when="BEFORE",
                ),
            ),
        ),
    ]
