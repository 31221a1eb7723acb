import django.contrib.postgres.fields
from django.db import migrations, models

import booking.models.location

NAMES = [
    ("en", "English"),
    ("fr", "Français"),
    ("pa", "ਪੰਜਾਬੀ"),
    ("tl", "Tagalog"),
    ("zh-Hans", "简体中文"),
    ("ar", "العربية"),
    ("es", "Español"),
    ("uk", "Українська"),
]


class Migration(migrations.Migration):
    dependencies = [("booking", "0006_reviews_have_stand_ins")]

    operations = [
        migrations.AddField(
            model_name="location",
            name="help_languages",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(choices=NAMES, max_length=10),
                blank=True,
                default=booking.models.location.default_help_languages,
                help_text="Those in which the check first says that help is there; the commonest of your patients first.",
                size=None,
            ),
        )
    ]
