from django.db import migrations, models


class Migration(migrations.Migration):
    """Going back finds empty fields, which the migration before fills."""

    dependencies = [("booking", "0020_registrations_as_they_are")]

    operations = [
        operation
        for name, length in (("registration_number", 40), ("register", 120))
        for operation in (
            migrations.AlterField("practitioner", name, models.CharField(default="", max_length=length)),
            migrations.RemoveField("practitioner", name),
        )
    ]
