from django.apps import AppConfig


class RemindersConfig(AppConfig):
    name = "booking.reminders"
    label = "reminders"
