from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0016_closed_rooms_keep_wall_time"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(offer_minutes__gte=1, offers_until__gt=models.F("offers_from")),
                name="location_offers_can_be_answered",
                violation_error_message="Offers last a minute or more, and end later in the day than they begin.",
            ),
        ),
    ]
