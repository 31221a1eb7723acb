import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models

import booking.models.location


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0013_several_sessions_are_one_course"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="awaiting_before",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="appointment",
            name="cancel_fee_amount",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="appointment",
            name="cancel_settles_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="held_from",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="appointment",
            name="moves_made",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="appointment",
            name="set_aside",
            field=models.CharField(
                blank=True,
                choices=[
                    ("walk-in", "came without an appointment"),
                    ("patient-asked", "the patient asked for it"),
                    ("clinic-asked", "we asked the patient"),
                    ("our-mistake", "we had made a mistake"),
                    ("goodwill", "as a courtesy"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="status_before",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="location",
            name="day_share_percent",
            field=models.PositiveSmallIntegerField(
                default=50,
                help_text="How much of a therapist's day one visitor, or one network, may hold at a time.",
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="move_notice_hours",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="How long before a visit patients may still move it themselves. 0: until it begins.",
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="moves_allowed",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="How often a patient may move one visit. Empty: as often as they like.", null=True
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="own_networks",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=43, validators=[booking.models.location.validate_network]),
                blank=True,
                default=list,
                help_text="The clinic's own, as 203.0.113.0/24: times held from there are not limited.",
                size=None,
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("status", "proposed")), fields=["held_from"], name="appointment_holds_from"
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("cancel_settles_at__isnull", False)),
                fields=["cancel_settles_at"],
                name="appointment_to_settle",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("cancel_settles_at__isnull", True),
                    models.Q(("status", "cancelled"), models.Q(("status_before", ""), _negated=True)),
                    _connector="OR",
                ),
                name="appointment_only_cancelled_settle",
            ),
        ),
    ]
