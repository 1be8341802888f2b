"""The server-rendered pages: the same services and selectors as the API, Django templates, htmx, one stylesheet."""
