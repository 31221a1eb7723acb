from django.urls import path

from frontend.public import calendar_feed, views

app_name = "public"
urlpatterns = [
    path("", views.home, name="home"),
    path("dry-needling/", views.read, name="read"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("feeds/<str:token>.ics", calendar_feed.calendar_feed, name="calendar-feed"),
]
