from django.urls import path

from booking.api import catalogue, slots, views

urlpatterns = [
    path("services/", catalogue.Services.as_view(), name="api-services"),
    path("practitioners/", catalogue.Practitioners.as_view(), name="api-practitioners"),
    path("information/", catalogue.Information.as_view(), name="api-information"),
    path("slots/", slots.Slots.as_view(), name="api-slots"),
    path("slots/first/", slots.FirstSlot.as_view(), name="api-first-slot"),
    path("why-not/", slots.WhyNot.as_view(), name="api-why-not"),
    path("holds/", views.Holds.as_view(), name="api-holds"),
    path("holds/<uuid:hold_id>/", views.Hold.as_view(), name="api-hold"),
    path("appointments/", views.Appointments.as_view(), name="api-appointments"),
    path("appointments/<uuid:appointment_id>/", views.OneAppointment.as_view(), name="api-appointment"),
    path("appointments/<uuid:appointment_id>/cancel/", views.Cancel.as_view(), name="api-cancel"),
    path("appointments/<uuid:appointment_id>/undo/", views.Undo.as_view(), name="api-undo"),
    path("appointments/<uuid:appointment_id>/reschedule/", views.Reschedule.as_view(), name="api-reschedule"),
    path("appointments/<uuid:appointment_id>/checkout/", views.Checkout.as_view(), name="api-checkout"),
]
