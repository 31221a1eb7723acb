import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("payments", "0007_months_as_they_were")]

    operations = [
        migrations.AlterField(
            model_name="ledgerentry",
            name="month",
            field=models.DateField(editable=False),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="month_of_the_books",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE place uuid; open_month date;",
                    func="\n            PERFORM pg_advisory_xact_lock_shared(hashtextextended('the-books', 0));\n            place := (SELECT coalesce(a.location_id, k.location_id) FROM payments_payment p LEFT JOIN booking_appointment a ON a.id = p.appointment_id LEFT JOIN booking_package k ON k.id = p.package_id WHERE p.id = NEW.payment_id);\n            SELECT date_trunc('month', NEW.recorded_at AT TIME ZONE l.time_zone)::date INTO open_month\n              FROM booking_location l WHERE l.id = place;\n            SELECT greatest(open_month, (max(c.month) + interval '1 month')::date) INTO open_month\n              FROM booking_monthclose c WHERE c.location_id = place;\n            IF NEW.month IS NULL THEN\n              NEW.month := open_month;\n            ELSIF NEW.month <> open_month THEN\n              RAISE EXCEPTION 'the open month is %, not %', open_month, NEW.month\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'month_of_the_books_is_open';\n            END IF;\n            RETURN NEW;\n        ",
                    hash="b9b961f43b9cbdec746ff0f1cd5af2b6bc6820d7",
                    operation="INSERT",
                    pgid="pgtrigger_month_of_the_books_4137a",
                    table="payments_ledgerentry",
                    when="BEFORE",
                ),
            ),
        ),
    ]
