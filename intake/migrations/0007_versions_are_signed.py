"""A version keeps the clinic's own words, what it does not ask, and who answers for it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("intake", "0006_therapists_ask_and_patients_reply")]
    operations = [
        migrations.AddField("questionnaire", "shipped_version", models.CharField(blank=True, max_length=40)),
        migrations.AddField("questionnaire", "switched_off", models.JSONField(default=list)),
        migrations.AddField("questionnaire", "wording", models.JSONField(default=dict)),
        migrations.AddField("questionnaire", "signed_name", models.CharField(blank=True, max_length=120)),
        migrations.AddField("questionnaire", "signed_registration", models.CharField(blank=True, max_length=60)),
        migrations.AddField("questionnaire", "signed_body", models.CharField(blank=True, max_length=120)),
        migrations.AddField("questionnaire", "signed_statement", models.TextField(blank=True)),
        migrations.AddField("questionnaire", "signed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddConstraint(
            "questionnaire",
            models.CheckConstraint(
                condition=Q(signed_at=None)
                | ~(Q(signed_name="") | Q(signed_registration="") | Q(signed_body="") | Q(signed_statement="")),
                name="questionnaire_signature_is_whole",
            ),
        ),
    ]
