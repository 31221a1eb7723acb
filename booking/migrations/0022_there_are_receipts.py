import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0021_registrations_stand_in_one_place"),
        ("intake", "0010_forms_answered_in_haste"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="healthcareservice",
            name="receipt_name",
            field=models.CharField(
                blank=True,
                help_text="As it stands on receipts: Physiotherapy: treatment. Empty: its name.",
                max_length=120,
            ),
        ),
        migrations.AddField(
            model_name="healthcareservice",
            name="tax_exempt_reason",
            field=models.CharField(
                blank=True,
                default="Health care service, exempt from GST/HST (Excise Tax Act, Schedule V, Part II)",
                help_text="Where there is no tax in its price: why.",
                max_length=160,
            ),
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("receipt", "Receipt"),
                            ("fee", "Fee"),
                            ("credit-note", "Credit note"),
                            ("statement", "Statement"),
                        ],
                        max_length=20,
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("edition", models.PositiveSmallIntegerField(default=0)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("not-given", "the visit did not take place"),
                            ("refunded", "money was given back"),
                            ("changed", "what was owed or paid has changed"),
                            ("wrong", "something on it was wrong"),
                        ],
                        max_length=20,
                    ),
                ),
                ("issued_at", models.DateTimeField()),
                ("claimant", models.CharField(max_length=201)),
                ("currency", models.CharField(max_length=3)),
                ("facts", models.JSONField()),
                (
                    "appointment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="booking.appointment",
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="booking.location"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="intake.patient"
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="booking.document",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="DocumentCopy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                ("taken_at", models.DateTimeField()),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="copies", to="booking.document"
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="DocumentSeries",
            fields=[
                (
                    "location",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="document_series",
                        serialize=False,
                        to="booking.location",
                    ),
                ),
                ("next_number", models.PositiveIntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("next_number__gt", 0)), name="document_series_starts_at_one"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxRate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(help_text="As it stands on receipts: GST.", max_length=40)),
                ("percent", models.DecimalField(decimal_places=3, max_digits=6)),
                (
                    "number",
                    models.CharField(blank=True, help_text="The clinic's number with the tax office.", max_length=40),
                ),
                (
                    "on_fees",
                    models.BooleanField(
                        default=False, help_text="Also inside fees for late changes and missed visits."
                    ),
                ),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_until", models.DateField(blank=True, help_text="The last day. Empty: it goes on.", null=True)),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tax_rates", to="booking.location"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "valid_from"],
            },
        ),
        migrations.AddField(
            model_name="healthcareservice",
            name="tax_rates",
            field=models.ManyToManyField(blank=True, related_name="services", to="booking.taxrate"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["patient", "-number"], name="document_of_patient"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(fields=("location", "number"), name="document_number_once"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ["receipt", "fee"])),
                fields=("appointment", "kind", "edition"),
                name="document_one_valid_of_a_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "credit-note"), ("reverses__isnull", False), models.Q(("reason", ""), _negated=True)
                    ),
                    models.Q(
                        models.Q(("kind", "credit-note"), _negated=True), ("reason", ""), ("reverses__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="document_only_credit_notes_reverse",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment__isnull", True), ("kind", "statement")),
                    models.Q(models.Q(("kind", "statement"), _negated=True), ("appointment__isnull", False)),
                    _connector="OR",
                ),
                name="document_has_its_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gt", 0)), name="document_numbers_start_at_one"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="document",
            trigger=pgtrigger.compiler.Trigger(
                name="document_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.claimant <> '' OR (to_jsonb(OLD.*) - 'claimant') IS DISTINCT FROM (to_jsonb(NEW.*) - 'claimant'))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="84477dd03108a557e1f6b0ba070d9b92236709a4",
                    operation="UPDATE",
                    pgid="pgtrigger_document_is_append_only_a23a4",
                    table="booking_document",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="document",
            trigger=pgtrigger.compiler.Trigger(
                name="document_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="7fd67a37b498789ea716c3e77da5957193778fca",
                    operation="DELETE",
                    pgid="pgtrigger_document_is_kept_c8900",
                    table="booking_document",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="documentcopy",
            constraint=models.UniqueConstraint(fields=("document", "number"), name="document_copy_number_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documentcopy",
            trigger=pgtrigger.compiler.Trigger(
                name="document_copy_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="1b536643b3ec3c03644ff4ecaaf1ef79882ca438",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_document_copy_is_append_only_3b4e3",
                    table="booking_documentcopy",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="taxrate",
            constraint=models.CheckConstraint(
                condition=models.Q(("percent__gt", 0), ("percent__lte", 50)), name="tax_rate_is_a_share"
            ),
        ),
        migrations.AddConstraint(
            model_name="taxrate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True),
                    ("valid_until__isnull", True),
                    ("valid_until__gte", models.F("valid_from")),
                    _connector="OR",
                ),
                name="tax_rate_ends_after_it_starts",
            ),
        ),
    ]
