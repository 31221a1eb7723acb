"""What the database can show of the promises after visits: a name, the promise, and the rows that break it."""

from typing import Final

OF_CARE: Final = (
    (
        "red-flags-called",
        "whoever says after a visit that they need help has a call to make, and somebody was told of it",
        """
    SELECT a.id FROM booking_aftercareanswer a WHERE a.urgency >= 2 AND NOT EXISTS (
      SELECT 1 FROM booking_task t JOIN booking_oncallnotice n ON n.task_id = t.id
      WHERE t.kind = 'after-visit-urgent' AND t.appointment_id = a.appointment_id
        AND (t.closed_at IS NULL OR t.closed_at >= a.answered_at))""",
    ),
    (
        "held-records-stay",
        "a record on which a hold stands is kept, and was not erased",
        """
    SELECT h.id FROM intake_recordhold h JOIN intake_patient p ON p.id = h.patient_id
      WHERE h.lifted_at IS NULL AND (NOT p.kept_on_hold OR p.erased_at IS NOT NULL)""",
    ),
    (
        "incidents-have-a-history",
        "every complaint and incident says what happened, unless the record was erased",
        """
    SELECT i.id FROM booking_incident i JOIN booking_appointment a ON a.id = i.appointment_id
      JOIN intake_patient p ON p.id = a.patient_id AND p.erased_at IS NULL
      WHERE NOT EXISTS (SELECT 1 FROM booking_incidententry e WHERE e.incident_id = i.id AND e.step = 'logged')""",
    ),
)
