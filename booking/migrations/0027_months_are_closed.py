import uuid

import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0026_terms_as_they_are"),
        ("payments", "0005_cards_are_charged"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MonthClose",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("month", models.DateField()),
                ("figures", models.JSONField()),
                ("note", models.TextField(blank=True)),
                ("closed_at", models.DateTimeField()),
                (
                    "closed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="closed_months", to="booking.location"
                    ),
                ),
            ],
            options={
                "ordering": ["-month"],
            },
        ),
        migrations.CreateModel(
            name="MonthLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("treatment", models.IntegerField(default=0)),
                ("fees", models.IntegerField(default=0)),
                ("collected", models.IntegerField(default=0)),
                ("taxes", models.JSONField(default=list)),
                ("base", models.IntegerField(default=0)),
                ("pay", models.IntegerField(default=0)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="month_lines",
                        to="booking.appointment",
                    ),
                ),
                (
                    "close",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="booking.monthclose"
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="month_lines",
                        to="booking.practitioner",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                ("id", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("amount", models.IntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "on its way"),
                            ("in_transit", "on its way"),
                            ("paid", "sent to the bank"),
                            ("failed", "sent back by the bank"),
                            ("canceled", "called off"),
                        ],
                        max_length=20,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("arrives_on", models.DateField()),
                ("month", models.DateField(editable=False)),
                ("complete", models.BooleanField(default=False)),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "seen_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PaySplit",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "percent",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("billed", "of what was charged"), ("collected", "of what was paid")], max_length=10
                    ),
                ),
                ("on_fees", models.BooleanField(default=False)),
                ("valid_from", models.DateField()),
                ("agreed_at", models.DateTimeField()),
                (
                    "agreed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pay_splits",
                        to="booking.practitioner",
                    ),
                ),
            ],
            options={
                "ordering": ["practitioner__name", "-valid_from"],
            },
        ),
        migrations.CreateModel(
            name="StripeMovement",
            fields=[
                ("id", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=60)),
                ("amount", models.IntegerField()),
                ("fee", models.IntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("created_at", models.DateTimeField()),
                ("month", models.DateField(editable=False)),
                ("source_id", models.CharField(blank=True, max_length=255)),
                ("intent_id", models.CharField(blank=True, max_length=255)),
                (
                    "payment",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.payment"
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="booking.payout",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="monthclose",
            constraint=models.UniqueConstraint(fields=("location", "month"), name="month_closed_once"),
        ),
        migrations.AddConstraint(
            model_name="monthclose",
            constraint=models.CheckConstraint(condition=models.Q(("month__day", 1)), name="month_closed_is_a_month"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monthclose",
            trigger=pgtrigger.compiler.Trigger(
                name="month_close_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="30de21900557a64a797dae4ce8603b7c175da5fa",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_month_close_is_append_only_fc88b",
                    table="booking_monthclose",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="monthline",
            constraint=models.UniqueConstraint(fields=("close", "appointment", "practitioner"), name="month_line_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="monthline",
            trigger=pgtrigger.compiler.Trigger(
                name="month_line_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="78676bed55a89469aa9ba7de26e75c2029ad014e",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_month_line_is_append_only_e702a",
                    table="booking_monthline",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("seen_at__isnull", True), ("seen_by__isnull", True)),
                    models.Q(("seen_at__isnull", False), ("seen_by__isnull", False)),
                    _connector="OR",
                ),
                name="payout_seen_by_somebody",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="payout",
            trigger=pgtrigger.compiler.Trigger(
                name="month_of_the_books",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE place uuid; open_month date;",
                    func="\n            PERFORM pg_advisory_xact_lock_shared(hashtextextended('the-books', 0));\n            place := (SELECT l.id FROM booking_location l ORDER BY l.name LIMIT 1);\n            SELECT date_trunc('month', NEW.created_at AT TIME ZONE l.time_zone)::date INTO open_month\n              FROM booking_location l WHERE l.id = place;\n            SELECT greatest(open_month, (max(c.month) + interval '1 month')::date) INTO open_month\n              FROM booking_monthclose c WHERE c.location_id = place;\n            IF NEW.month IS NULL THEN\n              NEW.month := open_month;\n            ELSIF NEW.month <> open_month THEN\n              RAISE EXCEPTION 'the open month is %, not %', open_month, NEW.month\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'month_of_the_books_is_open';\n            END IF;\n            RETURN NEW;\n        ",
                    hash="e48dad70fa716cb49d45b6090cf5595827d28872",
                    operation="INSERT",
                    pgid="pgtrigger_month_of_the_books_379d4",
                    table="booking_payout",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="paysplit",
            constraint=models.UniqueConstraint(fields=("practitioner", "valid_from"), name="pay_split_one_from_a_day"),
        ),
        migrations.AddConstraint(
            model_name="paysplit",
            constraint=models.CheckConstraint(
                condition=models.Q(("percent__gte", 0), ("percent__lte", 100)), name="pay_split_is_a_share"
            ),
        ),
        migrations.AddIndex(
            model_name="stripemovement",
            index=models.Index(fields=["month"], name="stripe_movement_month"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stripemovement",
            trigger=pgtrigger.compiler.Trigger(
                name="month_of_the_books",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE place uuid; open_month date;",
                    func="\n            PERFORM pg_advisory_xact_lock_shared(hashtextextended('the-books', 0));\n            place := (SELECT l.id FROM booking_location l ORDER BY l.name LIMIT 1);\n            SELECT date_trunc('month', NEW.created_at AT TIME ZONE l.time_zone)::date INTO open_month\n              FROM booking_location l WHERE l.id = place;\n            SELECT greatest(open_month, (max(c.month) + interval '1 month')::date) INTO open_month\n              FROM booking_monthclose c WHERE c.location_id = place;\n            IF NEW.month IS NULL THEN\n              NEW.month := open_month;\n            ELSIF NEW.month <> open_month THEN\n              RAISE EXCEPTION 'the open month is %, not %', open_month, NEW.month\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'month_of_the_books_is_open';\n            END IF;\n            RETURN NEW;\n        ",
                    hash="bfb826e4fb0fbec471a38a214712fc263baa2f2d",
                    operation="INSERT",
                    pgid="pgtrigger_month_of_the_books_33d66",
                    table="booking_stripemovement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stripemovement",
            trigger=pgtrigger.compiler.Trigger(
                name="stripe_movement_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (to_jsonb(OLD.*) - 'payout_id' - 'payment_id' IS DISTINCT FROM to_jsonb(NEW.*) - 'payout_id' - 'payment_id')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="0074ebdcfd98e5fc0e8ac06ce539255d705eb432",
                    operation="UPDATE",
                    pgid="pgtrigger_stripe_movement_is_kept_c8b4d",
                    table="booking_stripemovement",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="stripemovement",
            trigger=pgtrigger.compiler.Trigger(
                name="stripe_movement_is_not_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="e371902b87dd8145ad00f1f014b4a0242239cf24",
                    operation="DELETE",
                    pgid="pgtrigger_stripe_movement_is_not_deleted_9f0f1",
                    table="booking_stripemovement",
                    when="BEFORE",
                ),
            ),
        ),
    ]
