"""From a frozen dataclass to PDF/A bytes.

Data reach the typesetter as JSON beside the template and are set as text, never as markup: no name, reason
or reference can become a command. No system font, no network, no clock.
"""

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeAlias

import typst

from labels.render import qr_svg
from lims.documents.data.parts import Attachment, Checkpoint, Language
from lims.documents.errors import DocumentFailed, DocumentRefused
from lims.documents.geometry import template_geometry
from lims.documents.printable import printable
from lims.documents.words import date_words, time_words, words

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def document_compile(
    template: str,
    data: object,
    *,
    language: Language,
    at: datetime,
    attachments: tuple[Attachment, ...] = (),
    extra: Mapping[str, Json] | None = None,
    fonts: Path | None = None,
) -> bytes:
    """Typeset `template` with `data`: PDF/A-2b, or PDF/A-3b when files are attached.

    Args:
        template: name of a file in `templates/` without its ending.
        data: a frozen dataclass.
        language: of the fixed words, dates and hyphenation.
        at: with zone; creation and modification time of the file.
        attachments: text files carried inside.
        extra: further prepared values for the template, such as SVG.
        fonts: folder with further fonts.

    Raises:
        DocumentRefused: a time without zone, or an attachment that is no UTF-8 text.
        DocumentFailed: the template itself is at fault.
    """
    time_words(at, language)
    inputs: dict[str, Json] = {
        "data": to_json(data, language, fonts),
        "words": dict(words(language)),
        "language": language,
        "attachments": [_attachment(item) for item in attachments],
        "geometry": {**template_geometry()},
        **(extra or {}),
    }
    return _compile(template, inputs, at, attached=bool(attachments), fonts=fonts)


def _compile(template: str, inputs: dict[str, Json], at: datetime, *, attached: bool, fonts: Path | None) -> bytes:
    with as_file(files("lims.documents").joinpath("templates")) as folder:
        compiler = typst.Compiler(
            input=str(folder / f"{template}.typ"),
            root=str(folder),
            font_paths=[str(fonts)] if fonts else [],
            ignore_system_fonts=True,
            sys_inputs={"json": json.dumps(inputs, ensure_ascii=False, sort_keys=True)},
        )
        return _pdf(compiler, template, at, attached=attached)


def _pdf(compiler: typst.Compiler, template: str, at: datetime, *, attached: bool) -> bytes:
    try:
        pdf = compiler.compile(
            format="pdf", pdf_standards=["a-3b" if attached else "a-2b"], timestamp=int(at.timestamp())
        )
    except typst.TypstError as error:
        message = f"The document «{template}» could not be typeset: {error.message} Report this fault with its words."
        raise DocumentFailed(message, found=error.diagnostic) from error
    if not isinstance(pdf, bytes):
        raise DocumentFailed(f"The typesetter returned no file for «{template}». Report this fault.")
    return pdf


def to_json(value: object, language: Language, fonts: Path | None = None) -> Json:
    """Data as the template gets them: times and dates in words, texts made printable, tuples as lists."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return printable(value, fonts)
        case datetime():
            return time_words(value, language)
        case date():
            return date_words(value, language)
        case Attachment():
            return {"name": printable(value.name, fonts), "description": printable(value.description, fonts)}
        case tuple() | list():
            return [to_json(item, language, fonts) for item in value]
    if dataclasses.is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name), language, fonts) for field in dataclasses.fields(value)}
    message = f"A {type(value).__name__} cannot be printed. Give text, numbers, dates or dataclasses."
    raise DocumentRefused(message, found=repr(value))


def data_json(data: object) -> bytes:
    """Data for machines: JSON with sorted keys, times in RFC 3339; same data, same bytes.

    SVG figures and attached files are left out: they stand in the file itself.
    """
    text = json.dumps(_plain(data), ensure_ascii=False, sort_keys=True, indent=1)
    return text.encode() + b"\n"


def _plain(value: object) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case date():
            return value.isoformat()
        case tuple() | list():
            return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        left_out = {"svg", "attachments", "attach_data", "content"}
        return {field.name: _plain(getattr(value, field.name)) for field in fields if field.name not in left_out}
    message = f"A {type(value).__name__} cannot be written as JSON."
    raise DocumentRefused(message, found=repr(value))


def checkpoint_svg(checkpoint: Checkpoint | None) -> str | None:
    """QR code of the signed checkpoint: origin, tree size, root and signature as the log signed them.

    Without the note the four lines origin, size, root and key; None without checkpoint.
    """
    if checkpoint is None:
        return None
    lines = (checkpoint.origin, str(checkpoint.size), checkpoint.root, checkpoint.vkey)
    return qr_svg(checkpoint.note or "\n".join(lines), correction="L", title=checkpoint.origin)


def _attachment(item: Attachment) -> Json:
    try:
        text = item.content.decode()
    except UnicodeDecodeError as error:
        message = f"«{item.name}» is not UTF-8 text, and only text can be attached. Put it into the disclosure pack."
        raise DocumentRefused(message, field="attachments", found=item.name) from error
    return {"name": item.name, "text": text, "media_type": item.media_type, "description": item.description}
