# SPDX-License-Identifier: Apache-2.0
"""The documents say what the sources say: directives, options, messages, presets, links."""

import re
import shutil
from collections import Counter

import pytest
import requests

from equipment import places, tls
from equipment.cluster import STATUS_PAGE
from equipment.proc import wait_for

DIRECTIVES = places.TOP / "docs/directives.md"
GUARD = places.TOP / "docs/guard.md"
MESSAGES = places.TOP / "docs/messages.md"
EXAMPLES = sorted((places.TOP / "examples").glob("*.conf"))
DOCUMENTS = sorted([*places.TOP.glob("*.md"), *places.TOP.glob("docs/*.md")])


def source(name):
    return (places.TOP / name).read_text()


def sections(path, level):
    """{title without backticks: text} of a document's headings of one level."""
    parts = re.split(rf"^{'#' * level} (.+)$", path.read_text(), flags=re.M)
    return {title.replace("`", ""): text for title, text in zip(parts[1::2], parts[2::2])}


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


# directives

def command_names():
    return re.findall(r'AP_INIT_\w+\("([^"]+)"', source("conf/directives_httpd.c"))


def test_every_directive_has_its_section_and_there_are_no_others():
    titles = [title for title in sections(DIRECTIVES, 2) if "CF" in title]
    assert sorted(title.rstrip(">") for title in titles) == sorted(command_names())


@pytest.mark.parametrize("name", command_names())
def test_a_directives_section_tells_syntax_context_default_example_and_errors(name):
    text = sections(DIRECTIVES, 2)[name + ">" * name.startswith("<")]
    for part in ("- Syntax: `", "- Context: ", "- Default: ", "```apache", "`httpd -t` answers",
                 "What can go wrong:"):
        assert part in text, f"{name}: no {part!r}"


# options

UNITS = {"MS": [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)],
         "BYTES": [("", 1), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)],
         "COUNT": [("", 1)]}


def quantity(kind, value):
    """As cfc_duration_text() and its kind write it: in the largest unit that divides it."""
    suffix, factor = [(s, f) for s, f in UNITS[kind] if f == 1 or value and value % f == 0][-1]
    return f"{value // factor}{suffix}"


def product(text):
    value = 1
    for factor in text.split("*"):
        value *= int(factor)
    return value


def words(name):
    """The words of a table in rows.c or words.c."""
    text = source("conf/rows.c") + source("health/probe.c") + source("lb/words.c")
    return re.findall(r'"([^"]+)"', re.search(rf"\b{name}\[\] = {{(.*?)}}", text, re.S).group(1))


def preset_word(enumerator, allowed):
    """CFC_ADMIN_ACTIVE with the words active, drain, stop is active."""
    return next(word for word in allowed if enumerator.endswith("_" + word.upper()))


def option_rows():
    """(directive, option, values, default or None) of every row of conf/rows.c."""
    found = []
    tables = re.findall(r"cfc_(\w+)_rows\[\] = {(.*?)\bEND,", source("conf/rows.c"), re.S)
    for table, body in tables:
        for kind, name, rest in re.findall(
                r'(MS|BYTES|COUNT|WORD|TEXT|LIST|CODES)\("([\w-]+)", (.*?)\),', body):
            args = [arg.strip() for arg in rest.split(",")][2:]
            if kind == "WORD":
                allowed = words(args[0])
                values = ", ".join(f"`{word}`" for word in allowed)
                default = preset_word(args[1], allowed)
            elif kind == "TEXT":
                values, default = "text", None
                assert args[0] == "NULL"
            elif kind == "LIST":
                values, default = "text, may be repeated", None
            elif kind == "CODES":
                values = f"statuses from {args[0]} to {args[1]} with commas, or `none`"
                default = args[2] if args[2] != "0" else None
            else:
                low, high, preset = (product(arg) for arg in args[:3])
                values = f"{quantity(kind, low)} to {quantity(kind, high)}"
                default = quantity(kind, preset) if low <= preset <= high else None
            found.append((f"CF{table.capitalize()}", name, values, default))
    return found


@pytest.mark.parametrize("directive, option, values, default", option_rows(),
                         ids=[f"{row[0]} {row[1]}=" for row in option_rows()])
def test_every_option_is_documented_with_its_values_and_default(directive, option, values,
                                                                default):
    rows = [cells(line) for line in sections(DIRECTIVES, 2)[directive].splitlines()
            if line.startswith(f"| `{option}=`")]
    assert len(rows) == 1, f"{len(rows)} rows for {option}="
    assert rows[0][1] == values
    if default is None:
        assert "`" not in rows[0][2], "there is no default value"
    else:
        assert rows[0][2] == f"`{default}`"


def test_no_option_is_documented_that_does_not_exist():
    known = {(directive, option) for directive, option, *_ in option_rows()}
    for directive, text in sections(DIRECTIVES, 2).items():
        for option in re.findall(r"^\| `([\w-]+)=` \|", text, re.M):
            assert (directive, option) in known


def test_every_balance_method_probe_kind_and_profile_line_is_documented():
    text = sections(DIRECTIVES, 2)
    methods = re.findall(r'^    {"([\w-]+)", \w+, \d, \w+},', source("lb/method.c"), re.M)
    assert f"- Syntax: `CFBalance {'|'.join(methods)}`\n" in text["CFBalance"]
    for method in methods:
        assert f"- `{method}`: " in text["CFBalance"]
    for kind in words("cfc_probe_kinds"):
        assert f"`CFProbe {kind} " in text["CFProbe"]
    profile = " ".join(text["CFProfile"].split())
    for directive, args in re.findall(r'{"(CF\w+)", "([^"]+)"}', source("conf/profile.c")):
        assert f"{directive} {args}" in profile
    closed, = re.findall(r'^        {("[^}]+), NULL},$', source("conf/profile.c"), re.M)
    names = " and ".join(f"[{preset}](guard.md#{preset})" for preset in re.findall(r'"(.+?)"', closed))
    assert f"and closes {names}, which" in profile


# what httpd -t says

def refusals():
    """(directive, lines, answer) of every row of "You write | httpd -t answers"."""
    found = []
    for directive, text in sections(DIRECTIVES, 2).items():
        for table in re.findall(r"^\| You write .*\n\|---.*\n((?:\|.*\n)+)", text, re.M):
            for row in table.splitlines():
                write, answer = cells(row)
                found.append((directive, write.strip("`").split("` then `"), answer.strip("`")))
    return found


def in_place(directive, lines):
    """The lines where their directive belongs, with what they need around them."""
    text = "\n".join(lines)
    inside = "CFNode other http://127.0.0.1:9\n</CFCluster>\n"
    if directive == "<CFCluster>":
        return text if lines[-1].startswith("</") else f"{text}\n{inside}"
    if "- Context: `<CFCluster>`" in sections(DIRECTIVES, 2)[directive]:
        return f"<CFCluster confluence>\n{text}\n{inside}"
    if directive == "<CFClusterProtect>" and not lines[-1].startswith("</"):
        text += "\nRequire all denied\n</CFClusterProtect>"
    return f"<CFCluster confluence>\n{inside}{text}\n"


@pytest.mark.once
@pytest.mark.parametrize("directive, lines, answer", refusals(),
                         ids=[f"{row[0]}: {' then '.join(row[1])}" for row in refusals()])
def test_httpd_refuses_what_the_document_says_in_these_words(new_httpd, directive, lines, answer):
    code, said = new_httpd(in_place(directive, lines)).configtest()
    assert code != 0
    assert re.search(re.escape(answer).replace("FILE:LINE", r"/\S+:\d+"), said), said


# messages

LEVELS = {"ERR": "error", "WARNING": "warning"}


def messages():
    """(number, level, format) of every log line in the sources."""
    found = []
    for path in sorted(places.TOP.glob("[a-z]*/*.c")):
        text = path.read_text()
        for start in re.finditer(r'"CFC\d{4}: ', text):
            literals = re.match(r'(?:"(?:[^"\\]|\\.)*"|\w+|\s+)+', text[start.start():]).group()
            # A bare word between literals is a macro of APR's: the end of a %-directive.
            line = "".join("d" if word else literal for literal, word
                           in re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)', literals))
            level = re.findall(r"(?:APLOG|CFC_LOG)_(CRIT|ERR|WARNING|NOTICE|INFO|DEBUG)",
                               text[:start.start()])[-1]
            number, _, form = line.partition(": ")
            found.append((number, LEVELS.get(level, level.lower()), form))
    return found


def test_every_message_has_a_number_of_its_own():
    assert [n for n, count in Counter(m[0] for m in messages()).items() if count > 1] == []


def test_every_message_has_its_section_and_there_are_no_others():
    assert list(sections(MESSAGES, 2)) == sorted(number for number, *_ in messages())


@pytest.mark.parametrize("number, level, form", messages(), ids=[m[0] for m in messages()])
def test_a_messages_section_quotes_its_level_and_its_words(number, level, form):
    text = sections(MESSAGES, 2)[number]
    assert f"- Level: {level}\n" in text
    quoted = re.search(r"^- Text: `(.*)`$", text, re.M).group(1)
    fixed = [re.escape(piece) for piece in re.split(r"%[a-z]*[sd]", form)]
    assert re.fullmatch(".*".join(fixed), quoted), form
    assert "\nDo: " in text


# gates

GATES = re.findall(r'^    {"([\w-]+)", (\w+), \w+,', source("maint/gates.c"), re.M)


@pytest.mark.parametrize("gate, argument", GATES, ids=[gate for gate, _ in GATES])
def test_every_gate_is_documented_with_what_follows_it(gate, argument):
    noun = {"REPLICA": "DATABASE"}.get(argument, argument)
    first = {"NOTHING": f"`{gate}`", "NODE": f"`{gate}:NODE`", "NUMBER": f"`{gate}:NUMBER`"}.get(
        argument, f"`{gate}`, `{gate}:{noun}`")
    rows = [cells(line) for line in source("docs/gates.md").splitlines()
            if line.startswith(f"| {first} |")]
    assert [len(row) for row in rows] == [3] and all(rows[0])


def test_no_gate_is_documented_that_does_not_exist():
    documented = re.findall(r"^\| `([\w-]+)", source("docs/gates.md"), re.M)
    assert sorted(documented) == sorted(gate for gate, _ in GATES)


# the rest

def preset_rules():
    """{preset: the texts of all its rules} of guard/presets.c."""
    text = source("guard/presets.c")
    arrays = {name: re.findall(r'{CFC_RULE_\w+, "([^"]+)"}', body) for name, body
              in re.findall(r"cfc_rule_t (\w+)\[\] = {(.*?)\n};", text, re.S)}
    found = {}
    for preset, rules, allowed in re.findall(r'^    {"([\w-]+)", (\w+), (\w+), \w+},', text, re.M):
        found.setdefault(preset, []).extend(arrays[rules] + arrays.get(allowed, []))
    return found


@pytest.mark.parametrize("preset", preset_rules())
def test_every_rule_of_a_preset_is_documented_with_its_source(preset):
    text = sections(GUARD, 3)[preset]
    rows = [cells(row) for table in re.findall(r"^\| What .*\n\|---.*\n((?:\|.*\n)+)", text, re.M)
            for row in table.splitlines()]
    assert Counter(re.match(r"`\*?([^`]+)`", row[0]).group(1) for row in rows) \
        == Counter(preset_rules()[preset])
    assert [row for row in rows if len(row) != 3 or not all(row)] == []


@pytest.mark.once
@pytest.mark.parametrize("text", re.findall(r"^```apache\n(.*?)^```", GUARD.read_text(),
                                            re.M | re.S))
def test_what_the_guide_to_the_guard_shows_is_accepted_by_httpd(new_httpd, text):
    code, said = new_httpd(text).configtest()
    assert (code, said.strip()) == (0, "Syntax OK")


def names(value, prefix=""):
    """The fields of an object, those of objects in it with a dot, lists with []."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from names(inner, f"{prefix}{name}.")
        else:
            yield prefix + name + "[]" * isinstance(inner, list)


@pytest.mark.once
def test_the_fields_of_the_status_json_are_those_that_are_documented(new_httpd, scripted):
    node = scripted("node1", scheme="https")
    httpd = new_httpd(f"<CFCluster one>\nCFNode node1 {node.https_url}\nCFProbe http /status\n"
                      "</CFCluster>\nSSLProxyEngine on\n" + STATUS_PAGE).start()

    def look():
        return requests.get(httpd.url + "/cluster?format=json", timeout=10).json()

    wait_for(lambda: look()["clusters"][0]["nodes"][0]["probe"], "the node was probed")
    drain = {"cluster": "one", "node": "node1", "action": "drain", "force": "1"}
    assert requests.post(httpd.url + "/cluster", data=drain, headers={"X-CFCluster": "1"},
                         timeout=10).status_code == 200
    status = look()
    cluster = status["clusters"][0]
    tables = re.findall(r"^\| Field .*\n\|---.*\n((?:\|.*\n)+)",
                        sections(places.TOP / "docs/status.md", 2)["JSON"], re.M)
    documented = [[field for row in table.splitlines()
                   for field in re.findall(r"`([^`]+)`", cells(row)[0])] for table in tables]
    assert [sorted(fields) for fields in documented] == [
        sorted(names(part)) for part in (status, cluster, cluster["nodes"][0],
                                         cluster["nodes"][0]["probes"][0])]


# events

EVENTS = places.TOP / "docs/events.md"


def first_cells(title, head):
    """The words in backticks that begin the rows of a table."""
    table = re.search(rf"^\| {head} .*\n\|---.*\n((?:\|.*\n)+)", sections(EVENTS, 2)[title], re.M)
    return [cells(row)[0].strip("`") for row in table.group(1).splitlines()]


def test_the_kinds_of_events_are_those_that_are_documented():
    table = re.search(r"cfc_event_kind_words\[\] = {(.*?)}", source("lb/events.c"), re.S).group(1)
    assert first_cells("Kinds", "Kind") == re.findall(r'"(\w+)"', table)


def test_the_fields_of_an_event_are_those_that_are_documented():
    table = re.search(r"cfc_event_fields\[\] = {(.*?)};", source("maint/event_json.c"), re.S)
    assert first_cells("Fields", "Field") == re.findall(r'{"(\w+)"', table.group(1))


@pytest.mark.once
@pytest.mark.parametrize("example", EXAMPLES, ids=[path.name for path in EXAMPLES])
def test_every_example_is_accepted_by_httpd(new_httpd, example):
    httpd = new_httpd(example.read_text(), with_module=False)
    files = httpd.root / "cfcluster"
    files.mkdir()
    (httpd.root / "modules").mkdir()
    (httpd.root / "modules/mod_cfcluster.so").symlink_to(places.module())
    for name in "wiki", "docs":
        for made, suffix in zip(tls.certificate(), ("pem", "key")):
            shutil.copy(made, files / f"{name}.{suffix}")
    for name in "administrators", "db.cnf", "ad.credentials":
        (files / name).write_text("")
    (files / "maintenance.html").write_text("<!DOCTYPE html><title>closed</title>\n")
    (files / "outage.html").write_text("<!DOCTYPE html><title>outage</title>\n")
    code, said = httpd.configtest()
    assert (code, said.strip()) == (0, "Syntax OK")


def anchors(path):
    """What GitHub makes of a document's headings."""
    prose = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", prose, re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=[path.name for path in DOCUMENTS])
def test_every_relative_link_leads_somewhere(document):
    for link in re.findall(r"\]\((?!https?://)([^)]+)\)", document.read_text()):
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_README_is_a_link_to_README_md():
    assert (places.TOP / "README").resolve() == places.TOP / "README.md"


def test_the_README_shows_the_smallest_example():
    example = "".join(line for line in (places.TOP / "examples/confluence.conf").open()
                      if not line.startswith("#")).strip()
    assert f"```apache\n{example}\n```" in (places.TOP / "README.md").read_text()
