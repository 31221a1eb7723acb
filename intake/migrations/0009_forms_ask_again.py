import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Before a visit some questions are asked again: the new form names the one that it follows."""

    dependencies = [("intake", "0008_a_working_copy")]

    operations = [
        migrations.AddField(
            model_name="questionnaireresponse",
            name="based_on",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="followed_by",
                to="intake.questionnaireresponse",
            ),
        ),
    ]
