from django.urls import path

from frontend.public import calendar_feed, stories, views

app_name = "public"
urlpatterns = [
    path("", views.home, name="home"),
    path("dry-needling/", views.read, name="read"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("stories/", stories.sign_up, name="stories"),
    path("stories/asked/", stories.asked, name="stories-asked"),
    path("stories/yes/<str:token>/", stories.confirm, name="confirm-stories"),
    path("stories/mine/<str:token>/", stories.mine, name="my-stories"),
    path("stories/leave/<str:token>/", stories.leave, name="leave-stories"),
    path("feeds/<str:token>.ics", calendar_feed.calendar_feed, name="calendar-feed"),
]
