# SPDX-License-Identifier: Apache-2.0
"""Times as people write and read them: their own zone, the next 06:00. The API's are UTC."""

import datetime
import re

from .api import USAGE, Trouble

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9})(ms|s|m|h|d)")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z")


def seconds(text):
    """A duration, such as 15m, in seconds."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise Trouble(USAGE, f"{text!r} is not a duration; write a number with its unit, for "
                             "example 90s, 15m or 2h")
    return int(found[1]) * _UNITS[found[2]]


def _clock(text, after):
    """HH:MM: the next such moment of the local day."""
    hour, minute = map(int, text.split(":"))
    moment = after.replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=None)
    if moment.astimezone() <= after:
        moment += datetime.timedelta(days=1)
    return moment.astimezone()


def _local(text, after):
    if re.fullmatch(r"\d{1,2}:\d\d", text):
        return _clock(text, after)
    return datetime.datetime.fromisoformat(text).astimezone()


def _utc(moment):
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text, after=None):
    """What the API takes as a moment: a duration as it is; a clock time (the next one after a
    moment that this function returned, else after now) or a date, in local time unless it has a
    zone, as UTC."""
    if text is None or _DURATION.fullmatch(text):
        return text
    base = datetime.datetime.now().astimezone()
    if after is not None and _INSTANT.fullmatch(after):
        base = datetime.datetime.fromisoformat(after).astimezone()
    elif after is not None:
        base += datetime.timedelta(seconds=seconds(after))
    try:
        return _utc(_local(text, base))
    except ValueError:
        raise Trouble(USAGE, f"{text!r} is not a time; write 2h, 06:00, \"2026-11-24 06:00\" (both "
                             "local) or 2026-11-24T05:00Z") from None


def local(text):
    """An instant of the API in local time: the clock today, with the date otherwise."""
    if not text:
        return ""
    moment = datetime.datetime.fromisoformat(text).astimezone()
    today = moment.date() == datetime.datetime.now().date()
    return moment.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M")


def localised(sentence):
    """A sentence of the balancer with its instants in local time."""
    return _INSTANT.sub(lambda found: local(found[0]), sentence)
