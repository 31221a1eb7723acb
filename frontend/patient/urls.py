from django.urls import path

from frontend.patient import booking, check, paying, questions, result, times, visit

app_name = "patient"
urlpatterns = [
    path("check/", check.check, name="check"),
    path("check/who/", check.who, name="who"),
    path("check/age/", check.too_young, name="age"),
    path("check/where/", check.where, name="where"),
    path("check/questions/", questions.resume, name="resume"),
    path("check/questions/<int:number>/", questions.questions, name="questions"),
    path("check/answers/", questions.answers, name="answers"),
    path("check/result/", result.result, name="result"),
    path("book/", times.book, name="book"),
    path("book/times/", times.times, name="times"),
    path("book/release/", times.release, name="release"),
    path("book/details/", booking.details, name="details"),
    path("book/agree/", booking.agree, name="agree"),
    path("book/more-time/", booking.more_time, name="more-time"),
    path("book/pay/", paying.pay, name="pay"),
    path("book/paid/<uuid:appointment_id>/", paying.paid, name="paid"),
    path("book/unpaid/<uuid:appointment_id>/", paying.unpaid, name="unpaid"),
    path("visit/", visit.visit, name="visit"),
    path("visit/who/", visit.prove, name="prove"),
    path("visit/calendar.ics", visit.calendar_file, name="calendar-file"),
    path("visit/cancel/", visit.cancel, name="cancel"),
    path("visit/move/", visit.move, name="move"),
    path("visit/form/", visit.fill_in_form, name="fill-in-form"),
    path("visit/<str:token>/", visit.open_link, name="open-link"),
    path("visits/", visit.visits, name="visits"),
    path("visits/<uuid:appointment_id>/open/", visit.open_visit, name="open-visit"),
]
