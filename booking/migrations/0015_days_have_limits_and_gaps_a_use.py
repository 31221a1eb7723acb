from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("booking", "0014_cancellations_can_be_undone")]

    operations = [
        migrations.AddField(
            model_name="practitioner",
            name="visits_per_day",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="At most so many visits begin on one day. Empty: as many as fit.", null=True
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="keeps_gaps_useful",
            field=models.BooleanField(
                default=False,
                help_text="Online, offer no time that leaves a hole too short for any online service, where there are others.",
            ),
        ),
    ]
