"""Disputes: a patient asks the bank for the money back. They are opened by a test card or by the control interface."""

from __future__ import annotations

from tests.simulators.stripe import charges
from tests.simulators.stripe.errors import StripeError
from tests.simulators.stripe.store import Body
from tests.simulators.stripe.world import World

_FEE = 1500
_DAYS_TO_ANSWER = 20
_EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)
