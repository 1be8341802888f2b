"""Django's registration of `lims.accounts`."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, roles, grants, tokens and the access log."""

    name = "lims.accounts"
    label = "accounts"
