import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0012_time_off_keeps_wall_time"),
        ("intake", "0010_forms_answered_in_haste"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Course",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("sessions", models.PositiveSmallIntegerField()),
                ("min_days", models.PositiveSmallIntegerField()),
                ("max_days", models.PositiveSmallIntegerField()),
                ("review_after", models.PositiveSmallIntegerField(null=True)),
                (
                    "review",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("continued", "goes on as planned"),
                            ("extended", "sessions were added"),
                            ("ended", "ended early"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("request_key", models.UUIDField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="appointment",
            name="session_number",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="healthcareservice",
            name="course_max_days",
            field=models.PositiveSmallIntegerField(default=10, help_text="The most days from one session to the next."),
        ),
        migrations.AddField(
            model_name="healthcareservice",
            name="course_min_days",
            field=models.PositiveSmallIntegerField(
                default=5, help_text="The fewest days from one session to the next."
            ),
        ),
        migrations.AddField(
            model_name="healthcareservice",
            name="course_review_after",
            field=models.PositiveSmallIntegerField(
                default=3, help_text="After which session the therapist looks whether to go on: 3 or 4."
            ),
        ),
        migrations.AddField(
            model_name="healthcareservice",
            name="course_sessions_max",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="How many sessions can be booked at once: 2 to 6. Empty: one at a time.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="healthcareservice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("course_sessions_max__isnull", True), ("course_sessions_max__range", (2, 6)), _connector="OR"
                ),
                name="service_course_has_two_to_six_sessions",
            ),
        ),
        migrations.AddConstraint(
            model_name="healthcareservice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("course_max_days__gte", models.F("course_min_days")),
                    ("course_max_days__lte", 60),
                    ("course_min_days__gte", 1),
                ),
                name="service_course_is_spaced",
            ),
        ),
        migrations.AddConstraint(
            model_name="healthcareservice",
            constraint=models.CheckConstraint(
                condition=models.Q(("course_review_after__in", [3, 4])), name="service_course_reviewed_after_3_or_4"
            ),
        ),
        migrations.AddField(
            model_name="course",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="course",
            name="patient",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="courses", to="intake.patient"
            ),
        ),
        migrations.AddField(
            model_name="course",
            name="practitioner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="courses", to="booking.practitioner"
            ),
        ),
        migrations.AddField(
            model_name="course",
            name="reviewed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="course",
            name="service",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="courses", to="booking.healthcareservice"
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="course",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="appointments", to="booking.course"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("course__isnull", True), ("session_number__isnull", True)),
                    models.Q(("course__isnull", False), ("session_number__gte", 1)),
                    _connector="OR",
                ),
                name="appointment_session_has_a_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["cancelled", "entered-in-error"]), _negated=True),
                fields=("course", "session_number"),
                name="appointment_session_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="course",
            constraint=models.CheckConstraint(
                condition=models.Q(("sessions__range", (2, 6))), name="course_has_two_to_six_sessions"
            ),
        ),
        migrations.AddConstraint(
            model_name="course",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("max_days__gte", models.F("min_days")), ("max_days__lte", 60), ("min_days__gte", 1)
                ),
                name="course_is_spaced",
            ),
        ),
        migrations.AddConstraint(
            model_name="course",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("review_after__isnull", True),
                    models.Q(("review_after__in", [3, 4]), ("review_after__lte", models.F("sessions"))),
                    _connector="OR",
                ),
                name="course_reviewed_after_3_or_4",
            ),
        ),
        migrations.AddConstraint(
            model_name="course",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("review", ""), ("reviewed_at__isnull", True)),
                    models.Q(models.Q(("review", ""), _negated=True), ("reviewed_at__isnull", False)),
                    _connector="OR",
                ),
                name="course_reviewed_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="course",
            constraint=models.UniqueConstraint(fields=("request_key",), name="course_request_key_once"),
        ),
    ]
