from django.db import migrations

import intake.crypto


class Migration(migrations.Migration):
    dependencies = [("intake", "0009_forms_ask_again")]

    operations = [
        migrations.AddField(
            model_name="questionnaireresponse", name="haste", field=intake.crypto.EncryptedField(null=True)
        )
    ]
