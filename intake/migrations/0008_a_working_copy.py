"""The next version grows in a working copy."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0007_versions_are_signed")]
    operations = [
        migrations.CreateModel(
            name="QuestionnaireDraft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("slug", models.SlugField(default="dry-needling", unique=True)),
                ("shipped_version", models.CharField(max_length=40)),
                ("items", models.JSONField()),
                ("rules", models.JSONField()),
                ("config", models.JSONField(default=dict)),
                ("switched_off", models.JSONField(default=list)),
                ("wording", models.JSONField(default=dict)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField()),
                (
                    "based_on",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="intake.questionnaire"
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        )
    ]
