"""What the database can show of the promises about messages: a name, the promise, and the rows that break it."""

from typing import Final

OF_MESSAGES: Final = (
    (
        "sent-once",
        "no message about a version of a visit went out twice, unless somebody sent it again by hand",
        """
        SELECT (array_agg(id))[1] FROM reminders_communication
        WHERE status = 'completed' AND appointment_id IS NOT NULL AND dedupe_key !~ ':r[0-9]+$'
        GROUP BY appointment_id, kind, channel, recipient, schedule_version HAVING count(*) > 1""",
    ),
    (
        "texts-agreed",
        "no text went to a patient who had not said yes to texts",
        """
        SELECT c.id FROM reminders_communication c
          JOIN intake_patient p ON p.id = c.patient_id AND p.erased_at IS NULL
        WHERE c.channel = 'sms' AND c.status = 'completed' AND NOT EXISTS (
          SELECT 1 FROM reminders_contactconsent k WHERE k.patient_id = c.patient_id AND k.channel = 'sms'
          AND k.given AND k.recorded_at <= c.sent_at)""",
    ),
    (
        "spoken-for",
        "every coming visit has its messages planned or says why not",
        """
        SELECT a.id FROM booking_appointment a WHERE a.status = 'booked' AND a.start > %(now)s AND NOT EXISTS (
          SELECT 1 FROM reminders_communication c WHERE c.appointment_id = a.id
          AND c.schedule_version = a.schedule_version)""",
    ),
)
