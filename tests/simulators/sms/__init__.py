"""Twilio's Messages interface as a real server that remembers, shows the texts on a page, and fails on demand."""

from tests.simulators.sms.client import SmsSimulator

__all__ = ["SmsSimulator"]
