"""Addresses: the pages, the API, the public log and the health page."""

from django.urls import include, path

from lims.config.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/v1/", include("lims.api.urls")),
    path("log/", include("lims.web.views.publiclog")),
    path("", include("lims.web.urls")),
]
handler400 = "lims.web.views.errors.error_400"
handler403 = "lims.web.views.errors.error_403"
handler404 = "lims.web.views.errors.error_404"
handler500 = "lims.web.views.errors.error_500"
