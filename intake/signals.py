"""The one word upwards: what intake tells whoever listens. Receivers write rows in the sender's transaction."""

from django.dispatch import Signal

# Sent with `screening`, `decision` (None for new answers) and `now`; sender is the Screening model.
screening_decided = Signal()

# A manager opened answers without being the patient's therapist: `screening`, `patient`, `by`, `now`; sender Screening.
answers_opened = Signal()
