from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reminders", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="communication",
            index=models.Index(
                condition=models.Q(("status__in", ["preparation", "in-progress"])),
                fields=["not_after"],
                name="communication_expiring",
            ),
        ),
    ]
