"""What can be wrong with a scan, a typed reference or a label. Messages are English; the fields serve
translation."""


class LabelError(ValueError):
    """Base of this package's errors.

    Args:
        message: what is wrong and what to do.
        code: stable machine word, kebab case.
        found: the text found.
    """

    def __init__(self, message: str, *, code: str, found: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.found = found


class BadScanCode(LabelError):
    """A text that is not a scan code of ours.

    `position` counts from 1 and names the sign that is unlikely (None: cannot be told). `probable` is the one
    near code that fits (None: none, or more than one).
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        found: str,
        position: int | None = None,
        probable: str | None = None,
    ) -> None:
        super().__init__(message, code=code, found=found)
        self.position = position
        self.probable = probable


class BadReference(LabelError):
    """A human reference with a wrong form or check character; `probable` is the reference with the right
    one."""

    def __init__(self, message: str, *, code: str, found: str, probable: str | None = None) -> None:
        super().__init__(message, code=code, found=found)
        self.probable = probable


class ForeignLabel(LabelError):
    """A code that is not from this laboratory; `host` names whose it is ("" where it does not say)."""

    def __init__(self, message: str, *, found: str, host: str, scan_code: str | None = None) -> None:
        super().__init__(message, code="foreign-label", found=found)
        self.host = host
        self.scan_code = scan_code


class LabelTooSmall(LabelError):
    """The label's size cannot hold what must be readable on it."""
