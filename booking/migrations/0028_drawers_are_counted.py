import uuid

import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0027_months_are_closed"),
        ("payments", "0008_closed_months_stay_closed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="location",
            name="refund_limit_amount",
            field=models.PositiveIntegerField(
                default=10000,
                help_text="In cents: what reception may give back for one visit. Above it a manager does.",
            ),
        ),
        migrations.CreateModel(
            name="TillCount",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("date", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("by_method", models.JSONField()),
                ("opening_amount", models.PositiveIntegerField()),
                ("cash_amount", models.IntegerField()),
                ("counted_amount", models.PositiveIntegerField()),
                ("banked_amount", models.PositiveIntegerField()),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="till_counts", to="booking.location"
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("signed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-date"],
                "constraints": [
                    models.UniqueConstraint(fields=("location", "date"), name="till_count_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "counted_amount",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("opening_amount"), "+", models.F("cash_amount")
                                ),
                            ),
                            models.Q(("note", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="till_count_says_why_it_differs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("banked_amount__lte", models.F("counted_amount"))),
                        name="till_count_banks_what_is_there",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TillLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="till_line",
                        to="payments.ledgerentry",
                    ),
                ),
                (
                    "till_count",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="booking.tillcount"
                    ),
                ),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tillcount",
            trigger=pgtrigger.compiler.Trigger(
                name="till_count_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="72a5c20a70ead218ab8b4bc670c9dc739e7939a0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_till_count_is_append_only_927f5",
                    table="booking_tillcount",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="tillline",
            trigger=pgtrigger.compiler.Trigger(
                name="till_line_is_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="9585ed3dce3d75e34f185ce47c725694478d7d76",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_till_line_is_append_only_46cae",
                    table="booking_tillline",
                    when="BEFORE",
                ),
            ),
        ),
    ]
