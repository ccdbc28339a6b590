# SPDX-License-Identifier: Apache-2.0
"""The browser itself: what tests of pages take for granted about it."""

import pytest

pytestmark = pytest.mark.once

PAGE = """data:text/html,<title>none</title><script>document.title = 'ran'</script>
<input id=field><button id=button onclick="document.title = 'pressed'">B</button>"""


@pytest.mark.parametrize("scripts, title", [(True, "ran"), (False, "none")])
def test_scripts_run_only_if_they_are_switched_on(new_page, scripts, title):
    assert new_page(scripts=scripts).open(PAGE).ask("document.title") == title


def test_the_keyboard_types_and_presses(new_page):
    page = new_page().open(PAGE)
    page.press("Tab")
    page.type("words")
    assert page.ask("document.getElementById('field').value") == "words"
    page.press("Tab", "Enter")
    assert page.ask("document.title") == "pressed"
    page.press("Shift+Tab")
    assert page.focused() == "field"


def test_the_mouse_presses(new_page):
    page = new_page().open(PAGE)
    page.click("#button")
    page.wait("document.title === 'pressed'", "the button was pressed")


@pytest.mark.parametrize("label, script", [
    ("a dialog", "alert(1)"), ("a script's error", "nothing()"),
    ("a resource that is not there", "new Image().src = 'http://127.0.0.1:9/x.png'"),
    ("one of another host", "new Image().src = 'http://example.org/x.png'")])
def test_what_goes_wrong_in_a_page_is_a_complaint(new_page, label, script):
    page = new_page().open(f"data:text/html,{label}<script>{script}</script>")
    page.wait(lambda: page.ask("1") and page.complaints, label)


def test_a_page_is_as_wide_and_as_dark_as_its_user_wants_it(new_page):
    page = new_page(width=360, dark=True).open("data:text/html,<meta name=viewport "
                                               "content='width=device-width'>")
    assert page.ask("innerWidth") == 360
    assert page.ask("matchMedia('(prefers-color-scheme: dark)').matches")
