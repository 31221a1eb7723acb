import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0001_initial"),
        ("intake", "0002_cache_entry"),
        ("payments", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("unknown-at-stripe", "Stripe has a payment that we don't know"),
                            ("missing-at-stripe", "Stripe does not know a payment of ours"),
                            ("amount", "the sums differ"),
                            ("state", "the states differ"),
                            ("refused", "Stripe refused to do what we asked"),
                            ("refund-failed", "the bank could not give money back"),
                            ("authorisation-lapsed", "an authorisation ended before it was taken"),
                            ("authorisation-ageing", "an authorisation waits for a decision for days"),
                            ("dispute", "the cardholder disputes a payment"),
                        ],
                        max_length=30,
                    ),
                ),
                ("object_id", models.CharField(max_length=255)),
                ("details", models.JSONField(default=dict)),
                ("found_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="payment",
            name="payment_not_final",
        ),
        migrations.RemoveField(
            model_name="payment",
            name="wanted",
        ),
        migrations.AddField(
            model_name="gatewaycommand",
            name="kept_failure",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="payment",
            name="keep_amount",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="revision",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("charge", "owed"),
                    ("authorisation", "authorised"),
                    ("capture", "taken online"),
                    ("void", "released"),
                    ("refund", "given back"),
                    ("refund-failed", "could not be given back"),
                    ("fee", "fee"),
                    ("desk", "paid at the desk"),
                    ("credit", "credit"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("settled_at__isnull", True)), fields=["checked_at"], name="payment_not_settled"
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["intent_id"], name="payment_of_intent"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("keep_amount__isnull", True), ("keep_amount__lte", models.F("amount")), _connector="OR"
                ),
                name="payment_keeps_at_most_all",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="payment",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="payments.payment"
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="resolved_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=("kind", "object_id"),
                name="finding_open_once",
            ),
        ),
    ]
