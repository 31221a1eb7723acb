from django.db import migrations

_FORWARDS = """
    ALTER TABLE payments_ledgerentry DISABLE TRIGGER USER;
    UPDATE payments_ledgerentry e SET month = date_trunc('month', e.recorded_at AT TIME ZONE l.time_zone)::date
      FROM payments_payment p LEFT JOIN booking_appointment a ON a.id = p.appointment_id
        LEFT JOIN booking_package k ON k.id = p.package_id
        JOIN booking_location l ON l.id = coalesce(a.location_id, k.location_id)
     WHERE p.id = e.payment_id;
    ALTER TABLE payments_ledgerentry ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    """No month was closed before: each entry belongs to that of its own day."""

    dependencies = [("payments", "0006_entries_have_a_month")]

    operations = [migrations.RunSQL(_FORWARDS, migrations.RunSQL.noop)]
