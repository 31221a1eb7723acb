"""What the database can show of the promises about money: a name, the promise, and the rows that break it."""

from typing import Final

OF_MONEY: Final = (
    (
        "ledger-agrees",
        "what the ledger says was taken is what the payment says, and never more is given back",
        """
    SELECT p.id FROM payments_payment p LEFT JOIN LATERAL (
      SELECT coalesce(sum(amount) FILTER (WHERE kind IN ('capture', 'desk', 'payer')), 0) AS taken,
             coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0)
             - coalesce(sum(amount) FILTER (WHERE kind = 'refund-failed'), 0) AS returned,
             coalesce(sum(amount) FILTER (WHERE kind = 'authorisation'), 0) AS held
      FROM payments_ledgerentry e WHERE e.payment_id = p.id) l ON true
    WHERE l.returned > l.taken OR l.taken > p.amount OR (p.state = 'captured' AND l.taken = 0)
      OR (p.state = 'authorised' AND l.held = 0) OR (p.state IN ('open', 'lapsed') AND l.taken > 0)""",
    ),
    (
        "numbers-without-gaps",
        "a clinic's documents are numbered from one without a gap",
        """
    SELECT l.id FROM booking_location l JOIN booking_documentseries s ON s.location_id = l.id
      LEFT JOIN booking_document d ON d.location_id = l.id GROUP BY l.id, s.next_number
    HAVING count(d.id) <> s.next_number - 1 OR coalesce(max(d.number), 0) <> count(d.id)""",
    ),
    (
        "one-valid-receipt",
        "a visit has at most one valid receipt, and one valid document of its fees",
        """
    SELECT d.appointment_id FROM booking_document d LEFT JOIN booking_document c ON c.reverses_id = d.id
    WHERE d.kind IN ('receipt', 'fee') AND c.id IS NULL GROUP BY d.appointment_id, d.kind HAVING count(*) > 1""",
    ),
    (
        "receipts-for-visits",
        "no valid treatment receipt is for a visit that did not take place",
        """
    SELECT d.id FROM booking_document d JOIN booking_appointment a ON a.id = d.appointment_id
    WHERE d.kind = 'receipt' AND a.status <> 'fulfilled'
      AND NOT EXISTS (SELECT 1 FROM booking_document c WHERE c.reverses_id = d.id)""",
    ),
    (
        "money-as-decided",
        "of a settled online payment exactly what was decided is kept, and nothing stays authorised",
        """
    SELECT p.id FROM payments_payment p LEFT JOIN LATERAL (
      SELECT coalesce(sum(amount) FILTER (WHERE kind = 'capture'), 0) AS taken,
             coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS returned,
             coalesce(sum(amount) FILTER (WHERE kind = 'authorisation'), 0)
             - coalesce(sum(amount) FILTER (WHERE kind IN ('capture', 'void')), 0) AS held,
             coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0)
             - coalesce(sum(amount) FILTER (WHERE kind = 'credit'), 0) AS charged
      FROM payments_ledgerentry e WHERE e.payment_id = p.id) l ON true
    WHERE p.gateway = 'stripe' AND p.settled_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM payments_finding f WHERE f.payment_id = p.id AND f.resolved_at IS NULL)
      AND (l.held <> 0 OR l.taken - l.returned > p.keep_amount OR l.charged <> p.keep_amount)""",
    ),
    (
        "claims-agree",
        "what payers are said to have paid is what the ledger says, and a billed visit's share is what was billed",
        """
    SELECT c.id FROM booking_claim c JOIN booking_appointment a ON a.id = c.appointment_id
    WHERE c.paid_amount <> (
        SELECT coalesce(sum(e.amount), 0) FROM payments_ledgerentry e JOIN payments_payment p ON p.id = e.payment_id
        WHERE p.appointment_id = c.appointment_id AND e.kind = 'payer' AND e.reference LIKE '%%:' || c.id)
      OR (c.state IN ('billed', 'part-paid', 'paid') AND a.payer_amount <> c.amount + (
        SELECT coalesce(sum(d.paid_amount), 0) FROM booking_claim d
        WHERE d.appointment_id = a.id AND d.state = 'denied'))""",
    ),
)
