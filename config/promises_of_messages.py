"""What the database can show of the promises about messages: a name, the promise, and the rows that break it."""

from typing import Final

OF_MESSAGES: Final = (
    (
        "sent-once",
        "no message about a version of a visit went out twice, unless somebody sent it again by hand",
        """
        SELECT (array_agg(id))[1] FROM reminders_communication
        WHERE status = 'completed' AND appointment_id IS NOT NULL AND dedupe_key !~ ':r[0-9]+$' AND kind <> 'reply'
        GROUP BY appointment_id, kind, channel, recipient, schedule_version HAVING count(*) > 1""",
    ),
    (
        "texts-agreed",
        "no text went to a patient who had not said yes to texts",
        """
        SELECT c.id FROM reminders_communication c
          JOIN intake_patient p ON p.id = c.patient_id AND p.erased_at IS NULL
        WHERE c.channel = 'sms' AND c.status = 'completed' AND c.kind <> 'reply' AND NOT EXISTS (
          SELECT 1 FROM reminders_contactconsent k WHERE k.patient_id = c.patient_id AND k.channel = 'sms'
          AND k.given AND k.recorded_at <= c.sent_at)""",
    ),
    (
        "only-answers",
        "no text in the words of staff went to a number that had not texted us",
        """
        SELECT c.id FROM reminders_communication c
        WHERE c.kind = 'reply' AND c.recipient <> '' AND NOT EXISTS (
          SELECT 1 FROM reminders_incomingmessage i WHERE i.sender = c.recipient AND i.received_at <= c.created_at)""",
    ),
    (
        "spoken-for",
        "every coming visit has its messages planned or says why not",
        """
        SELECT a.id FROM booking_appointment a WHERE a.status = 'booked' AND a.start > %(now)s AND NOT EXISTS (
          SELECT 1 FROM reminders_communication c WHERE c.appointment_id = a.id
          AND c.schedule_version = a.schedule_version)""",
    ),
    (
        "stories-agreed",
        "no story went to a mailbox whose owner's last word was not yes",
        """
        SELECT c.id FROM reminders_communication c
        WHERE c.kind = 'story' AND c.status = 'completed' AND c.subscriber_id IS NOT NULL AND coalesce((
          SELECT k.what FROM reminders_storyconsent k WHERE k.subscriber_id = c.subscriber_id
          AND k.what IN ('confirmed', 'ended') AND k.recorded_at < c.sent_at ORDER BY k.id DESC LIMIT 1
        ), 'ended') = 'ended'""",
    ),
)
