import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

import booking.models.registration


class Migration(migrations.Migration):
    dependencies = [("booking", "0018_others_may_pay")]

    operations = [
        migrations.CreateModel(
            name="Registration",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("title", models.CharField(help_text="As it stands on receipts: Physiotherapist.", max_length=120)),
                ("number", models.CharField(max_length=40)),
                ("college", models.CharField(max_length=120)),
                (
                    "valid_from",
                    models.DateField(blank=True, help_text="Empty: since before our records.", null=True),
                ),
                (
                    "valid_until",
                    models.DateField(blank=True, help_text="The last day. Empty: it goes on.", null=True),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="registrations",
                        to="booking.practitioner",
                    ),
                ),
            ],
            options={
                "ordering": [models.OrderBy(models.F("valid_from"), descending=True, nulls_last=True)],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_from__isnull", True),
                            ("valid_until__isnull", True),
                            ("valid_until__gte", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="registration_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number", ""), _negated=True), models.Q(("college", ""), _negated=True)
                        ),
                        name="registration_has_a_number",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("practitioner", "="),
                            (
                                booking.models.registration.DateRange(
                                    "valid_from",
                                    "valid_until",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_upper=True),
                                ),
                                "&&",
                            ),
                        ],
                        name="registration_one_a_day",
                        violation_error_message=(
                            "Two registrations are valid on the same day. Please end the earlier one."
                        ),
                    ),
                ],
            },
        ),
    ]
