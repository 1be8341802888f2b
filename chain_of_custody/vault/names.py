"""What people and browsers say about a file, made safe to keep, print and offer for download."""

import re
import unicodedata

from chain_of_custody.errors import BadInput

NAME_AT_MOST = 255
UNKNOWN_MEDIA_TYPE = "application/octet-stream"

_RESERVED = re.compile(r'[<>:"|?*]')
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def file_name_clean(name: str) -> str:
    """The last part of a path in any system's notation, without invisible signs, at most 255 long.

    Signs that reverse the writing direction let a program's name read as a picture's; Unicode puts them, like
    control signs, in the categories C*. Signs some system cannot have in a file name become underscores.
    Raises `BadInput` when nothing is left.
    """
    text = unicodedata.normalize("NFC", name)
    text = re.split(r"[/\\]", text)[-1]
    text = re.sub(r"\s", " ", text)
    text = "".join(sign for sign in text if unicodedata.category(sign)[0] != "C")
    text = _RESERVED.sub("_", " ".join(text.split())).lstrip(". ").rstrip(". ")
    if not text:
        raise BadInput(
            "The file has no usable name.",
            field="name",
            found=name[:80],
            remedy="Give it a name with letters in it.",
        )
    if len(text) <= NAME_AT_MOST:
        return text
    stem, dot, suffix = text.rpartition(".")
    if not dot or len(suffix) > 16:
        return text[:NAME_AT_MOST].rstrip()
    return stem[: NAME_AT_MOST - len(suffix) - 1].rstrip() + dot + suffix


def media_type_clean(media_type: str) -> str:
    """`type/subtype` in lower case without parameters (RFC 6838); bytes of unknown kind for anything else."""
    text = media_type.partition(";")[0].strip().lower()
    return text if _MEDIA_TYPE.fullmatch(text) else UNKNOWN_MEDIA_TYPE


def role_check(role: str) -> str:
    """The role itself if it is a lower-case word of at most 40 signs; raises `BadInput` else."""
    if not _ROLE.fullmatch(role):
        raise BadInput("A file's role is a lower-case word such as «photograph».", field="role", found=role[:80])
    return role
