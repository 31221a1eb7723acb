from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0027_months_are_closed"),
        ("payments", "0005_cards_are_charged"),
    ]

    operations = [
        migrations.AddField(
            model_name="ledgerentry",
            name="month",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["month"], name="ledger_month"),
        ),
    ]
