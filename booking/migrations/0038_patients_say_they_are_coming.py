from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0037_calendars_are_fed"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="accepted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="accepted_how",
            field=models.CharField(
                blank=True,
                choices=[("text", "by text message"), ("link", "on their page"), ("call", "told us")],
                default="",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="appointment",
            name="accepted_version",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("accepted_at__isnull", True), ("accepted_how", ""), ("accepted_version__isnull", True)),
                    models.Q(
                        ("accepted_at__isnull", False),
                        ("accepted_version__isnull", False),
                        models.Q(("accepted_how", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="appointment_accepted_says_how",
            ),
        ),
    ]
