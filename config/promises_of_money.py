"""What the database can show of the promises about money: a name, the promise, and the rows that break it."""

from typing import Final

OF_MONEY: Final = (
    (
        "paid-online",
        "a visit to be paid online is confirmed only once its deposit was authorised",
        # By the ledger, which forgets nothing: what was authorised may lapse later, or be released before it is taken.
        """
    SELECT a.id FROM booking_appointment a
    WHERE a.status IN ('booked', 'arrived', 'checked-in', 'fulfilled', 'noshow')
      AND a.payment_choice = 'online' AND a.deposit_amount > 0 AND NOT EXISTS (
        SELECT 1 FROM payments_ledgerentry e JOIN payments_payment p ON p.id = e.payment_id
        WHERE p.appointment_id = a.id AND p.purpose = 'deposit' AND e.kind IN ('authorisation', 'capture'))""",
    ),
    (
        "ledger-agrees",
        "what the ledger says was taken is what the payment says, and never more is given back",
        """
    SELECT p.id FROM payments_payment p LEFT JOIN LATERAL (
      SELECT coalesce(sum(amount) FILTER (WHERE kind IN ('capture', 'desk', 'payer', 'package')), 0) AS taken,
             coalesce(sum(amount) FILTER (WHERE kind IN ('refund', 'package-returned', 'dispute-lost')), 0)
             - coalesce(sum(amount) FILTER (WHERE kind = 'refund-failed'), 0) AS returned,
             coalesce(sum(amount) FILTER (WHERE kind = 'authorisation'), 0) AS held
      FROM payments_ledgerentry e WHERE e.payment_id = p.id) l ON true
    WHERE l.returned > l.taken OR l.taken > p.amount OR (p.state = 'captured' AND l.taken = 0)
      OR (p.state = 'authorised' AND l.held = 0) OR (p.state IN ('open', 'lapsed') AND l.taken > 0)""",
    ),
    (
        "every-cent-traceable",
        "each movement of money names an object of Stripe's, or the person who took or gave it",
        r"""
    SELECT e.id FROM payments_ledgerentry e JOIN payments_payment p ON p.id = e.payment_id
    WHERE (e.kind IN ('authorisation', 'capture', 'void', 'refund-failed') OR e.kind LIKE 'dispute%%')
      AND (p.gateway <> 'stripe' OR e.reference !~ '^(pi|re|pyr|txn|du|dp)_')
      OR e.kind IN ('desk', 'payer') AND e.recorded_by_id IS NULL
      OR e.kind = 'refund' AND e.recorded_by_id IS NULL AND e.reference !~ '^(re|pyr)_'""",
    ),
    (
        "disputes-add-up",
        "a dispute gives back or loses what it took, and no more",
        """
    SELECT payment_id FROM payments_ledgerentry WHERE kind LIKE 'dispute%%' GROUP BY payment_id
    HAVING sum(amount) FILTER (WHERE kind = 'disputed')
      < coalesce(sum(amount) FILTER (WHERE kind IN ('dispute-won', 'dispute-lost')), 0)""",
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
             coalesce(sum(amount) FILTER (WHERE kind IN ('refund', 'dispute-lost')), 0) AS returned,
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
        "fees-taken-once",
        "a fee is taken from a kept card once, after a manager's yes, and not more than it was; none stays half taken",
        """
    SELECT c.id FROM booking_feecase c JOIN payments_payment p ON p.fee_case_id = c.id AND p.card_id IS NOT NULL
    GROUP BY c.id, c.amount, c.approved_by_id, c.state
    HAVING count(*) FILTER (WHERE p.state IN ('open', 'authorised', 'captured')) > 1 OR max(p.amount) > c.amount
      OR c.approved_by_id IS NULL OR (c.state = 'taken' AND count(*) FILTER (WHERE p.state = 'captured') <> 1)
      OR (c.state = 'taking' AND count(*) FILTER (WHERE p.state IN ('open', 'authorised')) <> 1)""",
    ),
    (
        "claims-agree",
        "what payers are said to have paid is what the ledger says, and a billed visit's share is what was billed",
        """
    SELECT c.id FROM booking_claim c JOIN booking_appointment a ON a.id = c.appointment_id
    WHERE c.paid_amount <> (
        SELECT coalesce(sum(CASE e.kind WHEN 'payer' THEN e.amount ELSE -e.amount END), 0)
        FROM payments_ledgerentry e JOIN payments_payment p ON p.id = e.payment_id
        WHERE p.appointment_id = c.appointment_id AND p.gateway = 'payer' AND e.kind IN ('payer', 'refund')
          AND e.reference LIKE '%%:' || c.id)
      OR (c.state IN ('billed', 'part-paid', 'paid') AND a.payer_amount <> c.amount + (
        SELECT coalesce(sum(d.paid_amount), 0) FROM booking_claim d
        WHERE d.appointment_id = a.id AND d.state = 'denied'))""",
    ),
    (
        "packages-agree",
        "a package that was bought is paid, or given back; each of its sessions in use pays its visit with its share",
        """
    SELECT p.id FROM booking_package p WHERE p.state IN ('active', 'refunded') AND p.price_amount - p.refund_amount <> (
        SELECT coalesce(sum(y.keep_amount), 0) - coalesce((
          SELECT sum(e.amount) FROM payments_ledgerentry e JOIN payments_payment d ON d.id = e.payment_id
          WHERE d.package_id = p.id AND d.gateway = 'desk' AND e.kind = 'refund'), 0)
        FROM payments_payment y WHERE y.package_id = p.id)
    UNION ALL
    SELECT c.id FROM booking_packagecredit c JOIN booking_package p ON p.id = c.package_id
    WHERE c.number > p.sessions
      OR c.worth_amount <> p.price_amount / p.sessions + (c.number <= mod(p.price_amount, p.sessions))::int
      OR (c.returned_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM payments_payment y WHERE y.appointment_id = c.appointment_id AND y.gateway = 'package'
          AND y.amount = c.worth_amount AND y.keep_amount = y.amount))
    UNION ALL
    SELECT y.id FROM payments_payment y WHERE y.gateway = 'package' AND y.keep_amount > 0 AND NOT EXISTS (
        SELECT 1 FROM booking_packagecredit c WHERE c.appointment_id = y.appointment_id AND c.returned_at IS NULL)""",
    ),
    (
        "one-valid-package-receipt",
        "a package has at most one valid receipt",
        """
    SELECT d.package_id FROM booking_document d LEFT JOIN booking_document c ON c.reverses_id = d.id
    WHERE d.kind = 'package' AND c.id IS NULL GROUP BY d.package_id HAVING count(*) > 1""",
    ),
    (
        "closed-months-stay",
        "what a closed month said of the ledger is what the ledger says of that month",
        """
    SELECT c.id FROM booking_monthclose c WHERE (
        SELECT coalesce(sum((m ->> 'sum')::bigint), 0) FROM jsonb_array_elements(c.figures -> 'movements') m
      ) <> (
        SELECT coalesce(sum(e.amount), 0) FROM payments_ledgerentry e JOIN payments_payment p ON p.id = e.payment_id
          LEFT JOIN booking_appointment a ON a.id = p.appointment_id LEFT JOIN booking_package k ON k.id = p.package_id
        WHERE coalesce(a.location_id, k.location_id) = c.location_id AND e.month = c.month)""",
    ),
    (
        "signed-drawers-stay",
        "the cash of a signed sheet is the sum of what stands on it",
        """
    SELECT t.id FROM booking_tillcount t WHERE t.cash_amount <> (
        SELECT coalesce(sum(CASE e.kind WHEN 'refund' THEN -e.amount ELSE e.amount END), 0)
        FROM booking_tillline l JOIN payments_ledgerentry e ON e.id = l.entry_id
        WHERE l.till_count_id = t.id AND e.method = 'cash')""",
    ),
)
