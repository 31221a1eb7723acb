from intake.models.audit_event import AttemptCount, AuditEvent, StoredAnswer
from intake.models.care_relation import CareRelation
from intake.models.patient import Patient
from intake.models.questionnaire import Questionnaire
from intake.models.questionnaire_response import QuestionnaireResponse
from intake.models.screening import Outcome, Screening, ScreeningCount, ScreeningDecision
from intake.models.user import STAFF_ROLES, Role, User

__all__ = [
    "STAFF_ROLES",
    "AttemptCount",
    "AuditEvent",
    "CareRelation",
    "Outcome",
    "Patient",
    "Questionnaire",
    "QuestionnaireResponse",
    "Role",
    "Screening",
    "ScreeningCount",
    "ScreeningDecision",
    "StoredAnswer",
    "User",
]
