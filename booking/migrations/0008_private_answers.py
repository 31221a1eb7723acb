from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("booking", "0007_help_in_other_languages")]

    operations = [
        migrations.AddField(
            model_name="location",
            name="private_answers_from_age",
            field=models.PositiveSmallIntegerField(
                default=14,
                help_text="From this age a young person whose form somebody else fills in answers private questions alone.",
            ),
        )
    ]
