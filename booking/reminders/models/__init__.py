from booking.reminders.models.clinic import MessageSetting, MessageTemplate
from booking.reminders.models.contact import AddressMark, ContactConsent, ContactPreference
from booking.reminders.models.outbox import Communication, SenderSwitch
from booking.reminders.models.reports import DeliveryReport, IncomingMessage
from booking.reminders.models.stories import Story, StoryConsent, StoryText, Subscriber, Topic

__all__ = [
    "AddressMark",
    "Communication",
    "ContactConsent",
    "ContactPreference",
    "DeliveryReport",
    "IncomingMessage",
    "MessageSetting",
    "MessageTemplate",
    "SenderSwitch",
    "Story",
    "StoryConsent",
    "StoryText",
    "Subscriber",
    "Topic",
]
