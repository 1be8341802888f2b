"""Rules that every template keeps."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

import lims.web
from lims.accounts.roles import Role
from lims.web import icons
from lims.web.navigation import MENU, address

TEMPLATES = Path(lims.web.__file__).parent / "templates"
STATIC = Path(lims.web.__file__).parent / "static" / "web"
PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))


@pytest.mark.parametrize("name", PAGES)
def test_template_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_inline_that_the_content_policy_refuses(name: str) -> None:
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", text)
    assert not re.search(r"(?:src|href)=\"https?:", text)
    assert "javascript:" not in text


@pytest.mark.parametrize("name", PAGES)
def test_icons_exist(name: str) -> None:
    for icon in re.findall(r'{% icon "([^"]+)"', (TEMPLATES / name).read_text(encoding="utf-8")):
        assert icons.icon_svg(icon)


def test_unknown_icon_is_named() -> None:
    with pytest.raises(icons.UnknownIconError, match=r"no icon «nothing»; there are .*seal"):
        icons.icon_svg("nothing")


@pytest.mark.parametrize("role", sorted(MENU))
def test_menu_of_a_role_stays_short_and_has_its_icons(role: str) -> None:
    groups = [group for key, value in MENU.items() if key == role for group in value]
    entries = [entry for group in groups for entry in group.entries]
    assert len(groups) <= 3
    assert len(entries) <= 8
    assert len({entry.page for entry in entries}) == len(entries)
    assert all(icons.icon_svg(entry.icon) for entry in entries)
    assert [entry.page for entry in entries if not address(entry.page)] == []


def test_colours_stand_in_the_tokens_only() -> None:
    css = (STATIC / "spoor.css").read_text(encoding="utf-8")
    body = css.split("/* 2 ----", 1)[1].split("/* 24 ---- print", 1)[0]
    loose = {colour.lower() for colour in re.findall(r"(?<=[\s:(])#[0-9a-fA-F]{3,6}\b", body)}
    # The label sheet is black on white in every theme; the camera's picture and the bars keep theirs.
    assert loose <= {"#fff", "#000", "#999", "#6f7d76", "#1c1503", "#0b100e", "#eef1ec"}


def test_the_manager_reaches_the_work_and_the_record() -> None:
    pages = {entry.page for group in MENU[Role.MANAGER] for entry in group.entries}
    assert pages >= {"batch_list", "request_list", "reference_list", "ledger", "exception_list", "pack_list"}
