"""Addresses of the pages: each area's module in `views/` lists its own; a missing name is left out of the menu."""

from django.urls import URLPattern

from lims.web import urls_casework, urls_lab
from lims.web.views import demo, find, frame, signin

AREAS = (frame, signin, find, demo)

app_name = "web"
urlpatterns: list[URLPattern] = [pattern for area in AREAS for pattern in area.urlpatterns]
urlpatterns += urls_casework.urlpatterns
urlpatterns += urls_lab.urlpatterns
