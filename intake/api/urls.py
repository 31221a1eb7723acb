from django.urls import path

from intake.api import views

urlpatterns = [
    path("screenings/", views.Screenings.as_view(), name="api-screenings"),
    path("screenings/<uuid:screening_id>/response/", views.ScreeningResponse.as_view(), name="api-response"),
    path("questionnaires/dry-needling/", views.QuestionnaireResource.as_view(), name="api-questionnaire"),
]
