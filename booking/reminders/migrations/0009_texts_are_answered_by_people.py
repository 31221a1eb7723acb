import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reminders", "0008_stories_are_told"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="incomingmessage",
            name="dealt_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incomingmessage",
            name="dealt_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="incomingmessage",
            name="keyword",
            field=models.CharField(
                blank=True,
                choices=[
                    ("stop", "asked us to stop texting"),
                    ("start", "asked us to text again"),
                    ("help", "asked for help"),
                    ("confirm", "said they are coming"),
                    ("cannot", "said they can't come"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="incomingmessage",
            index=models.Index(fields=["sender", "received_at"], name="reminders_i_sender_ade197_idx"),
        ),
        migrations.AddIndex(
            model_name="incomingmessage",
            index=models.Index(
                condition=models.Q(("dealt_at__isnull", True), ("keyword__in", ["", "cannot"])),
                fields=["received_at"],
                name="incoming_to_answer",
            ),
        ),
        migrations.AddConstraint(
            model_name="incomingmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dealt_at__isnull", True), ("dealt_by__isnull", True)),
                    models.Q(("dealt_at__isnull", False), ("dealt_by__isnull", False)),
                    _connector="OR",
                ),
                name="incoming_dealt_with_by_whom",
            ),
        ),
    ]
