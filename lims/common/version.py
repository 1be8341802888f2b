"""The version of Spoor."""

VERSION = "0.1.0"
