from intake.models.audit_event import AttemptCount, AuditEvent, StoredAnswer
from intake.models.care_relation import CareRelation
from intake.models.consent import Consent
from intake.models.patient import Patient
from intake.models.patient_reply import PatientReply
from intake.models.questionnaire import Questionnaire, QuestionnaireDraft
from intake.models.questionnaire_response import QuestionnaireResponse
from intake.models.screening import Outcome, Screening, ScreeningCount, ScreeningDecision
from intake.models.user import STAFF_ROLES, Role, User

__all__ = [
    "STAFF_ROLES",
    "AttemptCount",
    "AuditEvent",
    "CareRelation",
    "Consent",
    "Outcome",
    "Patient",
    "PatientReply",
    "Questionnaire",
    "QuestionnaireDraft",
    "QuestionnaireResponse",
    "Role",
    "Screening",
    "ScreeningCount",
    "ScreeningDecision",
    "StoredAnswer",
    "User",
]
