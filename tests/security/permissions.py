"""The permission table: every address of the house, by which methods it opens, and to whom.

An address that does not stand here fails the tests. Whoever is not named is turned away in the manner of the row.
"""

from dataclasses import dataclass

from tests.security.house import ROLES

EVERYBODY = frozenset(ROLES) - {"no-factor"}  # staff without their second factor get no further than its page
ACCOUNTS = frozenset({"patient", "stranger", "therapist", "colleague", "reception", "manager", "owner"})
OUTSIDE = frozenset({"anonymous", "link", "proven"})
CLINIC = frozenset({"therapist", "colleague", "reception", "manager"})
THERAPISTS = frozenset({"therapist", "colleague"})
STAFF = CLINIC | {"owner"}
REACHES_VISIT = CLINIC - {"colleague"}
NOBODY: frozenset[str] = frozenset()
SETTLES = frozenset({"manager", "owner"})  # who sees the questions that the clinic asks
_MANAGER = frozenset({"manager"})
_DESK = frozenset({"reception", "manager"})
_ITS_PATIENT = frozenset({"patient"})


@dataclass(frozen=True)
class Door:
    """To whom an address opens, and how it turns the others away.

    `refusal`: "sign-in" sends who is not signed in there and answers 403 or 404 to the others; "no" is 403 or 404 for
    all; "prove" asks who has the link for the birth date and is 404 for the others; "admin" as Django's admin does.
    """

    methods: str
    who: frozenset[str] = EVERYBODY
    refusal: str = "no"
    changes: frozenset[str] | None = None  # who may post, where that are fewer


READ = "GET HEAD"
FORM = "GET HEAD POST"


def _of_staff(methods: str = READ, who: frozenset[str] = CLINIC) -> Door:
    return Door(methods, who, "sign-in")


def _of_visit(methods: str = READ) -> Door:
    return Door(methods, frozenset({"proven"}), "prove")


PAGES = {
    "": Door("*"),
    "dry-needling/": Door("*"),
    "privacy/": Door("*"),
    "accessibility/": Door("*"),
    "feeds/<str:token>.ics": Door(READ),  # the address is the key
    "stories/": Door(FORM),
    "stories/asked/": Door(READ),
    "stories/yes/<str:token>/": Door(FORM),
    "stories/mine/<str:token>/": Door(FORM),
    "stories/leave/<str:token>/": Door(FORM),  # without a cookie: a mail program sends it
    "check/": Door(FORM),
    "check/who/": Door(FORM),
    "check/age/": Door(FORM),
    "check/where/": Door(FORM),
    "check/questions/": Door(READ),
    "check/questions/<int:number>/": Door(FORM),
    "check/answers/": Door(FORM),
    "check/result/": Door(READ),
    "check/save/": Door(FORM),
    "check/go-on/": Door(FORM),
    "check/go-on/<str:token>/": Door(READ),
    "check/call-back/": Door(FORM),
    "book/": Door(READ),
    "book/times/": Door(FORM),
    "book/release/": Door("POST"),
    "book/course/": Door(FORM),
    "book/details/": Door(FORM),
    "book/agree/": Door(FORM),
    "book/more-time/": Door("POST"),
    "book/pay/": Door(FORM),
    "book/paid/<uuid:appointment_id>/": Door(READ),
    "book/unpaid/<uuid:appointment_id>/": Door(READ),
    "visit/": _of_visit(),
    "visit/who/": Door(FORM, frozenset({"link", "proven"})),
    "visit/calendar.ics": _of_visit(),
    "visit/card/": _of_visit(FORM),
    "visit/messages/": _of_visit(FORM),
    "visit/coming/": _of_visit("POST"),
    "visit/question/": _of_visit(FORM),
    "visit/assessment/": _of_visit("POST"),
    "visit/course/": _of_visit("POST"),
    "visit/course/move/": _of_visit(FORM),
    "visit/course/cancel/": _of_visit(FORM),
    "visit/cancel/": _of_visit(FORM),
    "visit/progress/": _of_visit(FORM),
    "visit/undo/": _of_visit(FORM),
    "visit/move/": _of_visit(FORM),
    "visit/choices/": _of_visit(FORM),
    "visit/details/": _of_visit(FORM),
    "visit/form/": _of_visit("POST"),
    "visit/information/": _of_visit(FORM),
    "visit/take-back/": _of_visit(FORM),
    "visit/go-without/": _of_visit(FORM),
    "visit/check/": _of_visit(FORM),
    "visit/check/done/": _of_visit(),
    "visit/check/<int:number>/": _of_visit(FORM),
    "visit/here/<str:token>/": Door(READ),
    "visit/<str:token>/": Door(READ),
    "after/<str:token>/": Door(FORM),  # general advice for everybody
    "pay/": Door(FORM, NOBODY),  # only to whoever opened a link to pay in this browser
    "pay/paid/": Door(READ, NOBODY),
    "pay/<str:token>/": Door(READ),
    "visits/": Door(READ, ACCOUNTS, "sign-in"),
    "visits/<uuid:appointment_id>/open/": Door("POST", frozenset({"patient"}), "sign-in"),
    "account/card/": Door(FORM, ACCOUNTS, "sign-in"),
    "account/messages/": Door(FORM, ACCOUNTS, "sign-in"),
    "account/messages/stories/": Door("POST", ACCOUNTS, "sign-in"),
    "account/receipts/": Door(FORM, ACCOUNTS, "sign-in"),
    "account/receipts/visits/<uuid:appointment_id>/": Door("POST", _ITS_PATIENT, "sign-in"),
    "account/receipts/fees/<uuid:appointment_id>/": Door("POST", _ITS_PATIENT, "sign-in"),
    "account/receipts/<uuid:document_id>/": Door(READ, _ITS_PATIENT, "sign-in"),
    "account/receipts/<uuid:document_id>/copy/": Door("POST", _ITS_PATIENT, "sign-in"),
    "account/receipts/copies/<uuid:copy_id>/": Door(READ, _ITS_PATIENT, "sign-in"),
    "account/packages/": Door(READ, ACCOUNTS, "sign-in"),
    "account/packages/offers/<uuid:offer_id>/": Door(FORM, ACCOUNTS, "sign-in"),
    "account/packages/<uuid:package_id>/": Door(READ, _ITS_PATIENT, "sign-in"),
    "account/packages/<uuid:package_id>/pay/": Door("POST", _ITS_PATIENT, "sign-in"),
    "account/packages/<uuid:package_id>/paid/": Door(READ, _ITS_PATIENT, "sign-in"),
    "account/packages/<uuid:package_id>/receipt/": Door("POST", _ITS_PATIENT, "sign-in"),
    "welcome/": Door("*", ACCOUNTS, "sign-in"),
    "desk/": _of_staff(who=STAFF),
    "desk/book/": _of_staff(FORM),
    "desk/book/<uuid:appointment_id>/": _of_staff(who=REACHES_VISIT),
    "desk/book/<uuid:appointment_id>/agreed/": _of_staff("POST", REACHES_VISIT),
    "calendar/": _of_staff(),
    "calendar/why-not/": _of_staff(),
    "calendar/time-off/": _of_staff(FORM),
    "calendar/time-off/<uuid:time_off_id>/": _of_staff(FORM),
    "calendar/time-off/<uuid:time_off_id>/remove/": _of_staff("POST"),
    "money/": _of_staff(who=_DESK),
    "money/day/": _of_staff(who=_DESK),
    "money/till/": _of_staff(FORM, _DESK),
    "money/<int:finding_id>/": _of_staff("POST", frozenset({"manager"})),
    "money/fees/": _of_staff(who=_DESK),
    "money/fees/<uuid:case_id>/approve/": _of_staff("POST", _MANAGER),
    "money/fees/<uuid:case_id>/undo/": _of_staff("POST", _MANAGER),
    "money/fees/<uuid:case_id>/waive/": _of_staff(FORM, _DESK),
    "money/month/": _of_staff(who=_MANAGER),
    "money/month/<str:month>/": _of_staff(who=_MANAGER),
    "money/month/<str:month>/close/": _of_staff("POST", _MANAGER),
    "money/month/<str:month>/table/<slug:table>/": _of_staff(who=_MANAGER),
    "money/payouts/<str:payout_id>/": _of_staff("POST", _MANAGER),
    "money/claims/": _of_staff(who=_DESK),
    "money/claims/table/": _of_staff(who=_DESK),
    "money/claims/billed/": _of_staff("POST", _DESK),
    "money/claims/paid/": _of_staff("POST", _DESK),
    "money/claims/denied/": _of_staff("POST", _DESK),
    "money/claims/<uuid:claim_id>/taken-back/": _of_staff(FORM, _DESK),
    "reviews/": _of_staff(),
    "reviews/<uuid:appointment_id>/": _of_staff(FORM, THERAPISTS),
    "reviews/<uuid:appointment_id>/stand-in/": _of_staff("POST", THERAPISTS),
    "reviews/<uuid:appointment_id>/question/": _of_staff("POST", THERAPISTS),
    "reviews/stand-in/": _of_staff(FORM, THERAPISTS | {"manager"}),
    "reviews/stand-in/<uuid:stand_in_id>/end/": _of_staff("POST", frozenset({"therapist", "manager"})),
    "wait/": Door(READ),
    "wait/join/": Door(FORM),
    "wait/earlier/": _of_visit(FORM),
    "wait/who/": Door(FORM, frozenset({"link", "proven"})),
    "wait/place/<uuid:entry_id>/": Door("POST", frozenset({"proven", "patient"})),
    "wait/offer/": _of_visit(FORM),
    "wait/offer/<str:token>/": Door(READ),
    "wait/<str:token>/": Door(READ),
    "waitlist/": _of_staff(),
    "waitlist/add/": _of_staff(FORM),
    "waitlist/<uuid:entry_id>/": _of_staff("POST", REACHES_VISIT),
    "waitlist/<uuid:entry_id>/offer/": _of_staff(FORM, REACHES_VISIT),
    "calls/": _of_staff(),
    "calls/<uuid:appointment_id>/": _of_staff("POST", REACHES_VISIT),
    "messages/": _of_staff(),
    "messages/<uuid:message_id>/again/": _of_staff("POST", REACHES_VISIT),
    "messages/stories/": _of_staff(who=SETTLES),
    "messages/stories/new/": _of_staff(FORM, SETTLES),
    "messages/stories/take-off/": _of_staff("POST", SETTLES),
    "messages/stories/<uuid:story_id>/": _of_staff(FORM, SETTLES),
    "messages/stories/<uuid:story_id>/sample/": _of_staff("POST", SETTLES),
    "messages/stories/<uuid:story_id>/send/": _of_staff("POST", SETTLES),
    "messages/stories/<uuid:story_id>/stop/": _of_staff("POST", SETTLES),
    "messages/stories/<uuid:story_id>/drop/": _of_staff("POST", SETTLES),
    "messages/inbox/": _of_staff(),
    "messages/inbox/<uuid:text_id>/": _of_staff(who=REACHES_VISIT),
    "messages/inbox/<uuid:text_id>/answer/": _of_staff("POST", REACHES_VISIT),
    "messages/inbox/<uuid:text_id>/done/": _of_staff("POST", REACHES_VISIT),
    "messages/inbox/<uuid:text_id>/whose/": _of_staff(FORM, REACHES_VISIT),
    "tasks/": _of_staff(),
    "incidents/": _of_staff(),
    "incidents/register/": _of_staff(),
    "incidents/<uuid:incident_id>/": _of_staff(FORM, REACHES_VISIT - {"reception"}),  # and who logged it
    "visits/<uuid:appointment_id>/after/": _of_staff(FORM, frozenset({"therapist", "manager"})),
    "visits/<uuid:appointment_id>/incident/": _of_staff(FORM, REACHES_VISIT),
    "patients/<uuid:patient_id>/hold/": _of_staff(FORM, _MANAGER),
    "settings/after-care/": _of_staff(FORM, SETTLES),
    "settings/after-care/<uuid:turn_id>/": _of_staff("POST", SETTLES),
    "tasks/<uuid:task_id>/": _of_staff("POST"),
    "visits/<uuid:appointment_id>/": _of_staff(who=REACHES_VISIT),
    "visits/<uuid:appointment_id>/card/": _of_staff(who=REACHES_VISIT),
    "visits/<uuid:appointment_id>/answers/": _of_staff(FORM, frozenset({"therapist", "manager"})),
    "visits/<uuid:appointment_id>/sign/": _of_staff(FORM, REACHES_VISIT),
    "visits/<uuid:appointment_id>/take-back/": _of_staff(FORM, REACHES_VISIT),
    "visits/<uuid:appointment_id>/treatment/": _of_staff(who=frozenset({"therapist"})),
    "visits/<uuid:appointment_id>/treatment/plan/": _of_staff("POST", frozenset({"therapist"})),
    "visits/<uuid:appointment_id>/treatment/decide/": _of_staff("POST", frozenset({"therapist"})),
    "visits/<uuid:appointment_id>/treatment/consent/": _of_staff("POST", frozenset({"therapist"})),
    "visits/<uuid:appointment_id>/treatment/record/": _of_staff("POST", frozenset({"therapist"})),
    "visits/<uuid:appointment_id>/course/review/": _of_staff("POST", frozenset({"therapist"})),
    "visits/<uuid:appointment_id>/course/move/": _of_staff(FORM, REACHES_VISIT),
    "visits/<uuid:appointment_id>/course/add/": _of_staff(FORM, REACHES_VISIT),
    "visits/<uuid:appointment_id>/course/cancel/": _of_staff(FORM, REACHES_VISIT),
    "visits/<uuid:appointment_id>/hand-over/": _of_staff("POST", REACHES_VISIT),
    "visits/<uuid:appointment_id>/own-phone/": _of_staff(READ, REACHES_VISIT),
    "visits/<uuid:appointment_id>/asked/": _of_staff(FORM, frozenset({"therapist"})),
    "visits/<uuid:appointment_id>/talked/": _of_staff("POST", frozenset({"therapist"})),
    "visits/<uuid:appointment_id>/move/": _of_staff(FORM, REACHES_VISIT),
    "visits/<uuid:appointment_id>/shorten/": _of_staff(FORM, REACHES_VISIT),
    "visits/<uuid:appointment_id>/cancel/": _of_staff(FORM, REACHES_VISIT),
    "visits/<uuid:appointment_id>/room/": _of_staff(FORM, REACHES_VISIT),
    "visits/<uuid:appointment_id>/payer/": _of_staff(FORM, _DESK),
    "visits/<uuid:appointment_id>/ways/": _of_staff(who=REACHES_VISIT),
    "visits/<uuid:appointment_id>/money/taken/": _of_staff("POST", REACHES_VISIT),
    "visits/<uuid:appointment_id>/money/given-back/": _of_staff("POST", _DESK),
    "visits/<uuid:appointment_id>/money/link/": _of_staff("POST", REACHES_VISIT),
    "visits/<uuid:appointment_id>/money/link-end/": _of_staff("POST", REACHES_VISIT),
    "visits/<uuid:appointment_id>/messages/<uuid:message_id>/": _of_staff("POST", REACHES_VISIT),
    "visits/<uuid:appointment_id>/steps/<slug:slug>/": _of_staff("POST", REACHES_VISIT),
    "visits/<uuid:appointment_id>/receipt/": _of_staff("POST", _DESK),
    "visits/<uuid:appointment_id>/fee-receipt/": _of_staff("POST", _DESK),
    "receipts/<uuid:document_id>/": _of_staff(who=_DESK),
    "receipts/<uuid:document_id>/copy/": _of_staff("POST", _DESK),
    "receipts/<uuid:document_id>/credit/": _of_staff("POST", _DESK),
    "receipts/copies/<uuid:copy_id>/": _of_staff(who=_DESK),
    "patients/<uuid:patient_id>/account/": _of_staff(who=_DESK),
    "patients/<uuid:patient_id>/receipts/": _of_staff(FORM, _DESK),
    "settings/hours/": _of_staff(who=SETTLES | THERAPISTS),
    "settings/hours/<uuid:practitioner_id>/": _of_staff(FORM, SETTLES | {"therapist"}),
    "settings/hours/<uuid:practitioner_id>/day/": _of_staff(FORM, SETTLES | {"therapist"}),
    "settings/hours/<uuid:practitioner_id>/day/usual/": _of_staff("POST", SETTLES | {"therapist"}),
    "settings/hours/<uuid:practitioner_id>/services/": _of_staff(FORM, SETTLES),
    "settings/hours/<uuid:practitioner_id>/busy/": _of_staff(FORM, SETTLES | {"therapist"}),
    "settings/hours/<uuid:practitioner_id>/busy/remove/": _of_staff("POST", SETTLES | {"therapist"}),
    "settings/holidays/": _of_staff(FORM, SETTLES),
    "settings/holidays/province/": _of_staff("POST", SETTLES),
    "settings/holidays/open/": _of_staff("POST", SETTLES),
    "settings/holidays/usual/": _of_staff("POST", SETTLES),
    "settings/packages/": _of_staff(FORM, SETTLES),
    "settings/packages/<uuid:offer_id>/": _of_staff(FORM, SETTLES),
    "settings/terms/": _of_staff(who=SETTLES),
    "settings/terms/prepayment/": _of_staff("POST", SETTLES),
    "settings/terms/<uuid:service_id>/<slug:variant>/": _of_staff(FORM, SETTLES),
    "settings/terms/<uuid:service_id>/<slug:variant>/remove/": _of_staff("POST", SETTLES),
    "settings/feeds/": _of_staff(FORM, SETTLES | THERAPISTS),
    "settings/feeds/<uuid:feed_id>/end/": _of_staff("POST", SETTLES | {"therapist"}),
    "settings/messages/": _of_staff(who=SETTLES),
    "settings/messages/<slug:code>/": _of_staff(FORM, SETTLES),
    "settings/messages/<slug:code>/<slug:channel>/<slug:language>/": _of_staff(FORM, SETTLES),
    "settings/messages/<slug:code>/<slug:channel>/<slug:language>/sample/": _of_staff("POST", SETTLES),
    "settings/messages/<slug:code>/<slug:channel>/<slug:language>/ours/": _of_staff("POST", SETTLES),
    "settings/operations/": _of_staff(who=SETTLES),
    "settings/pay/": _of_staff(FORM, SETTLES),
    "settings/pay/<uuid:split_id>/drop/": _of_staff("POST", SETTLES),
    "settings/payers/": _of_staff(FORM, SETTLES),
    "settings/payers/<uuid:payer_id>/": _of_staff(FORM, SETTLES),
    "settings/questionnaire/": _of_staff(who=SETTLES),
    "settings/questionnaire/begin/": _of_staff("POST", _MANAGER),
    "settings/questionnaire/discard/": _of_staff("POST", _MANAGER),
    "settings/questionnaire/numbers/": _of_staff(FORM, _MANAGER),
    "settings/questionnaire/patient/": _of_staff(who=SETTLES),
    "settings/questionnaire/publish/": _of_staff(FORM, _MANAGER),
    "settings/questionnaire/new/": _of_staff(FORM, _MANAGER),
    "settings/questionnaire/items/<slug:item_id>/": _of_staff(FORM, _MANAGER),
    "settings/questionnaire/items/<slug:item_id>/switch/": _of_staff("POST", _MANAGER),
    "settings/questionnaire/items/<slug:item_id>/edit/": _of_staff(FORM, _MANAGER),
    "settings/questionnaire/items/<slug:item_id>/remove/": _of_staff("POST", _MANAGER),
    "settings/questionnaire/items/<slug:item_id>/more/": _of_staff(FORM, _MANAGER),
    "settings/questionnaire/items/<slug:item_id>/more/<slug:follow_up_id>/": _of_staff(FORM, _MANAGER),
    "settings/questionnaire/items/<slug:item_id>/more/<slug:follow_up_id>/remove/": _of_staff("POST", _MANAGER),
    "patients/": _of_staff(),
    "patients/<uuid:patient_id>/parent/": _of_staff(FORM, frozenset({"therapist"})),
    "patients/<uuid:patient_id>/card/remove/": _of_staff("POST", _DESK),
    "patients/<uuid:patient_id>/reach/": _of_staff(FORM, _DESK),
    "patients/<uuid:patient_id>/reach/correct/": _of_staff("POST", _DESK),
    "patients/<uuid:patient_id>/reach/<slug:channel>/again/": _of_staff("POST", _DESK),
    "patients/<uuid:patient_id>/looks/": _of_staff(who=frozenset({"therapist", "manager"})),
    "patients/<uuid:patient_id>/packages/": _of_staff(who=_DESK),
    "patients/<uuid:patient_id>/packages/sell/<uuid:offer_id>/": _of_staff(FORM, _DESK),
    "packages/<uuid:package_id>/": _of_staff(who=_DESK),
    "packages/<uuid:package_id>/give-back/": _of_staff("POST", _DESK),
    "packages/<uuid:package_id>/extend/": _of_staff("POST", _MANAGER),
    "packages/<uuid:package_id>/receipt/": _of_staff("POST", _DESK),
    "visits/<uuid:appointment_id>/money/package/": _of_staff("POST", _DESK),
    "visits/<uuid:appointment_id>/money/package-back/": _of_staff("POST", _DESK),
    "patients/<uuid:patient_id>/terms/": _of_staff(FORM, _DESK),
    "patients/<uuid:patient_id>/covers/": _of_staff(FORM, _DESK),
    "patients/<uuid:patient_id>/covers/<uuid:cover_id>/": _of_staff(FORM, _DESK),
    "patients/<uuid:patient_id>/covers/<uuid:cover_id>/end/": _of_staff("POST", _DESK),
    "patients/<uuid:patient_id>/": _of_staff(who=REACHES_VISIT),
}

_OWN_SIGN_IN = Door("*", STAFF, "sign-in")
ACCOUNT_PAGES = {
    "accounts/login/": Door("*"),
    "accounts/login/code/": Door("*"),
    "accounts/login/code/confirm/": Door("*"),
    "accounts/logout/": Door("*", EVERYBODY | {"no-factor"}),
    "accounts/records/": Door(FORM, ACCOUNTS, "sign-in"),
    "accounts/inactive/": Door("*", EVERYBODY | {"no-factor"}),
    "accounts/signup/": Door("*"),
    "accounts/password/reset/": Door("*"),
    "accounts/password/reset/done/": Door("*"),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": Door("*"),
    "accounts/password/reset/key/done/": Door("*"),
    "accounts/password/set/": Door("*"),  # leads on to the mail for a forgotten one
    "accounts/password/change/": _OWN_SIGN_IN,
    "accounts/reauthenticate/": _OWN_SIGN_IN,
    "accounts/2fa/": Door("*", STAFF, "sign-in"),
    "accounts/2fa/authenticate/": Door("*", ACCOUNTS, "sign-in"),
    "accounts/2fa/reauthenticate/": Door("*", STAFF | {"no-factor"}, "sign-in"),
    "accounts/2fa/totp/activate/": Door("*", STAFF, "sign-in"),
    "accounts/2fa/totp/deactivate/": Door("*", STAFF, "sign-in"),
    "accounts/2fa/recovery-codes/": Door("*", NOBODY, "sign-in"),  # nobody in the house has made any
    "accounts/2fa/recovery-codes/generate/": Door("*", STAFF, "sign-in"),
    "accounts/2fa/recovery-codes/download/": Door("*", NOBODY, "sign-in"),
}

_REACHED_BY_ACCOUNT = REACHES_VISIT | {"patient"}
API = {
    "api/v1/screenings/": Door("POST OPTIONS"),
    "api/v1/screenings/<uuid:screening_id>/response/": Door("GET HEAD OPTIONS", frozenset({"patient", "therapist"})),
    "api/v1/questionnaires/dry-needling/": Door("GET HEAD OPTIONS"),
    "api/v1/services/": Door("GET HEAD OPTIONS"),
    "api/v1/practitioners/": Door("GET HEAD OPTIONS"),
    "api/v1/information/": Door("GET HEAD OPTIONS"),
    "api/v1/slots/": Door("GET HEAD OPTIONS"),
    "api/v1/slots/first/": Door("GET HEAD OPTIONS"),
    "api/v1/why-not/": Door("GET HEAD OPTIONS", STAFF),
    "api/v1/holds/": Door("POST OPTIONS"),
    "api/v1/holds/<uuid:hold_id>/": Door("DELETE OPTIONS", NOBODY),  # by the hold's token, never by an account
    "api/v1/appointments/": Door("POST OPTIONS"),
    "api/v1/appointments/<uuid:appointment_id>/": Door("GET HEAD OPTIONS", _REACHED_BY_ACCOUNT),
    "api/v1/appointments/<uuid:appointment_id>/cancel/": Door("POST OPTIONS", _REACHED_BY_ACCOUNT),
    "api/v1/appointments/<uuid:appointment_id>/undo/": Door("POST OPTIONS", _REACHED_BY_ACCOUNT),
    "api/v1/appointments/<uuid:appointment_id>/reschedule/": Door("POST OPTIONS", _REACHED_BY_ACCOUNT),
    "api/v1/appointments/<uuid:appointment_id>/checkout/": Door("POST OPTIONS", _REACHED_BY_ACCOUNT),
    "api/v1/schema/": Door("GET HEAD OPTIONS"),
    "api/v1/docs/": Door("GET HEAD OPTIONS"),
    "^api/": Door("", NOBODY),
}

MACHINES = {
    "i18n/setlang/": Door("*", EVERYBODY | {"no-factor"}),
    "webhooks/stripe/": Door("POST"),
    "webhooks/sms/": Door("POST"),
    "webhooks/mail/": Door("POST"),
    "healthz": Door("*", EVERYBODY | {"no-factor"}),
    "readyz": Door("*", EVERYBODY | {"no-factor"}),
}

_OWNER, _HOUSE = frozenset({"owner"}), frozenset({"owner", "manager"})


def _model(name: str, *, looks: frozenset[str], changes: frozenset[str], deletes: frozenset[str]) -> dict[str, Door]:
    """The six addresses that Django's admin has for a model."""
    path = f"admin/{name}/"
    return {
        path: Door("*", looks, "admin"),
        f"{path}add/": Door("*", changes, "admin"),
        f"{path}<path:object_id>/history/": Door("*", looks, "admin"),
        f"{path}<path:object_id>/delete/": Door("*", deletes, "admin"),
        f"{path}<path:object_id>/change/": Door("*", looks, "admin", changes),
        f"{path}<path:object_id>/": Door("*", _HOUSE, "admin"),  # leads on to change/
    }


ADMIN = {
    "admin/": Door("*", _HOUSE, "admin"),
    "admin/login/": Door("*", _HOUSE, "admin"),
    "admin/logout/": Door("*"),
    "admin/password_change/": Door("*", _HOUSE, "admin"),
    "admin/password_change/done/": Door("*", _HOUSE, "admin"),
    "admin/autocomplete/": Door("*", NOBODY, "admin"),
    "admin/jsi18n/": Door("*", _HOUSE, "admin"),
    "admin/r/<path:content_type_id>/<path:object_id>/": Door("*", NOBODY, "admin"),
    "admin/^(?P<app_label>booking|intake)/$": Door("*", _HOUSE, "admin"),
    "admin/(?P<url>.*)$": Door("*", NOBODY, "admin"),
    "admin/intake/user/<id>/password/": Door("*", _OWNER, "admin"),
    **_model("booking/location", looks=_OWNER, changes=_OWNER, deletes=_OWNER),
    **_model("booking/healthcareservice", looks=_OWNER, changes=_OWNER, deletes=_OWNER),
    **_model("booking/practitioner", looks=_OWNER, changes=_OWNER, deletes=_OWNER),
    **_model("intake/user", looks=_OWNER, changes=_OWNER, deletes=NOBODY),
    **_model("intake/questionnaire", looks=_HOUSE, changes=NOBODY, deletes=NOBODY),
}

TABLE: dict[str, Door] = PAGES | ACCOUNT_PAGES | API | MACHINES | ADMIN
