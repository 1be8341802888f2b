#!/usr/bin/env python3
"""Django's command line for Spoor."""

import os
import sys


def main() -> None:
    """Run a management command with Spoor's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - settings must be named first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
