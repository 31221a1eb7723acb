"""What one answer says about other questions, as the questionnaire in force asks them."""

from functools import lru_cache

from intake.questionnaires.shipped import shipped_questionnaire, shipped_sharing
from intake.rules.definitions import Questionnaire
from intake.rules.sharing import Sharing, still_true


@lru_cache(maxsize=16)
def sharing_of(definition: Questionnaire) -> Sharing:
    """What holds between the questions of this definition. A question that a clinic has put in other words feeds no
    other one, and is fed by none: it is asked.
    """
    return still_true(shipped_sharing(), written_for=shipped_questionnaire(), asked=definition)
