from django.db import migrations, models


class Migration(migrations.Migration):
    """Going back finds usual values, which `terms_as_they_are` fills with the deposits."""

    dependencies = [("booking", "0030_findings_are_tasks")]

    operations = [
        migrations.RemoveField("healthcareservice", "deposit_amount"),
        migrations.RemoveField("location", "late_fee_percent"),
        migrations.RemoveField("location", "no_show_fee_percent"),
        migrations.AlterField(
            "location",
            "free_cancel_hours",
            models.PositiveSmallIntegerField(
                default=24,
                help_text="Until how long before a visit cancelling is free, where its terms don't say.",
            ),
        ),
    ]
