from intake.models.audit_event import AttemptCount, AuditEvent, StoredAnswer
from intake.models.care_relation import CareRelation
from intake.models.consent import Consent
from intake.models.observation import Observation
from intake.models.patient import Patient
from intake.models.patient_reply import PatientReply
from intake.models.questionnaire import Questionnaire, QuestionnaireDraft
from intake.models.questionnaire_response import QuestionnaireResponse
from intake.models.record_hold import RecordHold
from intake.models.screening import Outcome, Screening, ScreeningCount, ScreeningDecision
from intake.models.user import STAFF_ROLES, Role, User

__all__ = [
    "STAFF_ROLES",
    "AttemptCount",
    "AuditEvent",
    "CareRelation",
    "Consent",
    "Observation",
    "Outcome",
    "Patient",
    "PatientReply",
    "Questionnaire",
    "QuestionnaireDraft",
    "QuestionnaireResponse",
    "RecordHold",
    "Role",
    "Screening",
    "ScreeningCount",
    "ScreeningDecision",
    "StoredAnswer",
    "User",
]
