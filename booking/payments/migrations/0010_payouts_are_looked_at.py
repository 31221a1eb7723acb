from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0009_disputes_and_kept_payments")]

    operations = [
        migrations.AlterField(
            model_name="finding",
            name="kind",
            field=models.CharField(
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
                    ("payout", "what Stripe moved or paid out is not what our books say"),
                    ("payout-failed", "the bank sent a payout back"),
                ],
                max_length=30,
            ),
        ),
    ]
