"""Addresses of the pages. Each area adds its lines; a name that is missing here is left out of the menu."""

from django.urls import path

from lims.web.views import demo, frame, signin

app_name = "web"
urlpatterns = [
    path("", frame.today, name="today"),
    path("sign-in/", signin.sign_in, name="sign_in"),
    path("sign-out/", signin.sign_out, name="sign_out"),
    path("set-up/", signin.first_account, name="first_run"),
    path("language/", frame.language, name="language"),
    path("me/", frame.me, name="me"),
    path("me/keys/", frame.single_keys, name="single_keys"),
    path("bench/camera/", frame.camera, name="camera"),
    path("bench/camera/decode/", frame.decode, name="decode"),
    path("demo/components/", demo.components, name="components"),
]
