from django.urls import path

from frontend.staff import calendar, callers, desk, money, patients, reviews, visit_changes, visit_desk, visits

app_name = "staff"
urlpatterns = [
    path("welcome/", desk.welcome, name="welcome"),
    path("desk/", desk.desk, name="desk"),
    path("desk/book/", callers.book, name="book"),
    path("desk/book/<uuid:appointment_id>/", callers.booked, name="booked"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/time-off/", calendar.time_off, name="time-off"),
    path("calendar/time-off/<uuid:time_off_id>/", calendar.displaced, name="displaced"),
    path("calendar/time-off/<uuid:time_off_id>/remove/", calendar.back_again, name="back-again"),
    path("money/", money.money, name="money"),
    path("money/<int:finding_id>/", money.settled, name="money-settled"),
    path("reviews/", reviews.reviews, name="reviews"),
    path("reviews/<uuid:appointment_id>/", reviews.review, name="review"),
    path("reviews/<uuid:appointment_id>/stand-in/", reviews.stand_in, name="stand-in"),
    path("visits/<uuid:appointment_id>/", visits.visit, name="visit"),
    path("visits/<uuid:appointment_id>/answers/", visit_desk.answers, name="answers"),
    path("visits/<uuid:appointment_id>/move/", visit_changes.move, name="move"),
    path("visits/<uuid:appointment_id>/cancel/", visit_changes.cancel, name="cancel"),
    path("visits/<uuid:appointment_id>/paid/", visit_desk.paid, name="paid"),
    path("visits/<uuid:appointment_id>/handed-back/", visit_desk.handed_back, name="handed-back"),
    path("visits/<uuid:appointment_id>/messages/<uuid:message_id>/", visit_desk.resend, name="resend"),
    path("visits/<uuid:appointment_id>/steps/<slug:slug>/", visit_changes.take_step, name="step"),
    path("patients/", patients.patients, name="patients"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
]
