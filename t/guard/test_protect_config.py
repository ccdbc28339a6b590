# SPDX-License-Identifier: Apache-2.0
"""Which <CFClusterProtect> sections httpd -t refuses, with what words and at which line; and
that it takes what looks similar and is right."""

import pytest

# A configuration is read before there is an MPM at work.
pytestmark = pytest.mark.once

ADDRESS = "Require ip 10.0.0.1"


def area(what, *lines):
    """A section whose first inner line is line 2 of the file."""
    return "\n".join([f"<CFClusterProtect {what}>", *lines, "</CFClusterProtect>"])


def login(name):
    """Two sections with this and login("a") cannot share a path."""
    return f"AuthType Basic\nAuthName {name}\nAuthUserFile users\nRequire valid-user"


LINES = [
    # label, line, configuration, what is said
    ("nothing", 1, "<CFClusterProtect>\n</CFClusterProtect>",
     "CFClusterProtect: does not say what it protects; write for example <CFClusterProtect "
     "admin-console> or <CFClusterProtect path /x>"),
    ("no end of the line", 1, "<CFClusterProtect admin-console\n</CFClusterProtect>",
     'CFClusterProtect: the section\'s line does not end in ">"; write for example'),
    ("more after the end of the line", 1, "<CFClusterProtect admin-console> x\n</CFClusterProtect>",
     'CFClusterProtect: the section\'s line does not end in ">"; write for example'),
    ("not closed", 1, "<CFClusterProtect admin-console>\n", "<CFClusterProtect> was not closed"),
    ("no preset", 1, area("wiki"),
     'CFClusterProtect: "wiki" is not a preset; known: admin-console, remote-api, api-credentials, '
     "known-cves, ognl; own paths follow the word path"),
    ("a preset misspelt", 1, area("admin-consol"),
     '"admin-consol" is not a preset; did you mean admin-console?'),
    ("a preset in capitals", 1, area("Admin-Console"),
     '"Admin-Console" is not a preset; did you mean admin-console?'),
    ("a second preset that is none", 1, area("admin-console rest"), '"rest" is not a preset'),
    ("a path without its word", 1, area("/x"),
     "CFClusterProtect: /x is a path; write the word path before it: path /x"),
    ("a path after a preset without its word", 1, area("admin-console /x"),
     "CFClusterProtect: /x is a path; write the word path before it: path /x"),
    ("the word without a path", 1, area("path"), '"path" is followed by no path; write for exam'),
    ("a preset for a path", 1, area("path /x admin-console"),
     'CFClusterProtect: path "admin-console" does not start with /'),
    ("a relative path", 1, area("path x"),
     'CFClusterProtect: path "x" does not start with /; write the path as a browser shows it'),
    ("an encoded path", 1, area("path /x%20y"),
     'path "/x%20y" has one of % ; ? # * or a backslash; write the plain path, decoded'),
    ("a pattern", 1, area("path /x/*"), 'path "/x/*" has one of % ; ? # * or a backslash'),
    ("a parameter", 1, area("path /x;y"), 'path "/x;y" has one of % ; ? # * or a backslash'),
    ("a query", 1, area("path /x?y"), 'path "/x?y" has one of % ; ? # * or a backslash'),
    ("dots", 1, area("path /x/../y"), 'path "/x/../y" has an empty or a dot segment; write'),
    ("an empty segment", 1, area("path /x //y"), 'path "//y" has an empty or a dot segment'),
    ("in a Location", 2, f"<Location />\n{area('admin-console')}\n</Location>", "not allowed"),
    ("in another", 2, area("admin-console", area("remote-api")),
     "CFClusterProtect: <CFClusterProtect> cannot stand here"),
]

INSIDE = [
    ("Order", 2, area("path /x", "Order deny,allow"),
     "CFClusterProtect: order is of the old access control, which Require does not combine with"),
    ("Allow", 3, area("path /x", ADDRESS, "Allow from all"),
     "CFClusterProtect: allow is of the old access control"),
    ("Deny", 2, area("path /x", "Deny from all"),
     "CFClusterProtect: deny is of the old access control"),
    ("Satisfy", 3, area("path /x", ADDRESS, "Satisfy Any"),
     "CFClusterProtect: Satisfy is of the old access control"),
    ("AuthMerging", 2, area("path /x", "AuthMerging Or", ADDRESS),
     "CFClusterProtect: AuthMerging has no place here, every section that a request reaches must "
     "admit it; remove the line"),
    ("Limit", 2, area("path /x", "<Limit GET>", ADDRESS, "</Limit>"),
     "CFClusterProtect: <Limit> cannot stand here, a section protects its paths for every request; "
     "<RequireAll>, <RequireAny> and <RequireNone> can"),
    ("LimitExcept", 2, area("path /x", "<LimitExcept GET>", ADDRESS, "</LimitExcept>"),
     "CFClusterProtect: <LimitExcept> cannot stand here"),
    ("If", 2, area("path /x", '<If "true">', ADDRESS, "</If>"),
     "CFClusterProtect: <If> cannot stand here"),
    ("Files", 2, area("path /x", "<Files x>", ADDRESS, "</Files>"),
     "CFClusterProtect: <Files> cannot stand here"),
    ("Location", 2, area("path /x", "<Location /y>", ADDRESS, "</Location>"),
     "CFClusterProtect: <Location> cannot stand here"),
    ("a server's directive", 2, area("path /x", "Listen 99"), "Listen not allowed"),
    ("a directive that is none", 2, area("path /x", "Requires all denied"),
     "Invalid command 'Requires'"),
    ("a Require of httpd's that is none", 2, area("path /x", "Require ipp 10.0.0.1"),
     "Unknown Authz provider: ipp"),
    ("an address that is none", 2, area("path /x", "Require ip 10.0.0.256"), "10.0.0.256"),
    ("nothing in RequireAny", 2, area("path /x", "<RequireAny>", "</RequireAny>"), "<RequireAny>"),
    ("nothing in RequireAll for this httpd", 2,
     area("path /x", "<RequireAll>", "<IfModule mod_none.c>", ADDRESS, "</IfModule>",
          "</RequireAll>"), "<RequireAll>"),
    ("nothing but a negation", 2, area("path /x", "Require not ip 10.0.0.1"),
     "negative Require directive has no effect"),
    ("nothing but RequireNone", 2, area("path /x", "<RequireNone>", ADDRESS, "</RequireNone>"),
     "<RequireNone> directive has no effect"),
]
REFUSED = LINES + INSIDE

TAKEN = [
    ("a preset", area("admin-console", ADDRESS)),
    ("presets and paths", area("admin-console remote-api path /x /Y.action /z/", ADDRESS)),
    ("quotes", area('"admin-console" path "/x y"', ADDRESS)),
    ("everything", area("path /", ADDRESS)),
    ("a negation beside a condition",
     area("path /x", "<RequireAll>", "Require all granted", "Require not ip 10.0.0.1",
          "</RequireAll>")),
    ("a login", area("path /x", login("a"))),
    ("what httpd reads only sometimes",
     area("path /x", "<IfModule mod_alias.c>", ADDRESS, "</IfModule>")),
    ("what a Location can hold", area("path /x", ADDRESS, 'ErrorDocument 403 "no"',
                                      "Header set X-Area x", "LogLevel debug")),
    ("two areas with one login", area("admin-console", login("a")) + "\n"
     + area("path /admin", login("a"))),
    ("two logins apart", area("admin-console", login("a")) + "\n" + area("path /x", login("b"))),
    ("an area that only observes beside another login", area("admin-console", login("a")) + "\n"
     + area("remote-api observe", login("b"))),
    ("exact paths", area("observe remote-api exact /x /y path /z exact /u.action", ADDRESS)),
    ("known attacks, closed", area("known-cves")),
    ("known attacks, observed", area("observe known-cves")),
    ("a login and an address", area("path /", ADDRESS) + "\n" + area("path /x", login("a"))),
    ("in a virtual host", f"<VirtualHost *>\n{area('path /x', ADDRESS)}\n</VirtualHost>"),
]


def configtest(httpd, text):
    """httpd -t with text as lines 1 to n of test.conf."""
    (httpd.root / "test.conf").write_text(text + "\n")
    return httpd.add("Include test.conf").configtest()


@pytest.mark.parametrize("line, text, said", [row[1:] for row in REFUSED],
                         ids=[row[0] for row in REFUSED])
def test_a_section_that_is_wrong_is_refused_with_help(new_httpd, line, text, said):
    httpd = new_httpd()
    code, output = configtest(httpd, text)
    assert code != 0
    assert said in output
    assert f"line {line} of {httpd.root}/test.conf:" in output


def test_a_section_of_nothing_but_negations_is_refused(new_httpd):
    text = area("path /x", "<RequireAll>", "Require not ip 10.0.0.1", "</RequireAll>")
    code, output = configtest(new_httpd(), text)
    assert code != 0
    assert "<RequireAll> directive contains only negative authorization directives" in output


@pytest.mark.parametrize("text", [row[1] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_a_section_that_is_right_is_taken_without_a_word(new_httpd, text):
    assert configtest(new_httpd(), text) == (0, "Syntax OK\n")


@pytest.mark.parametrize("lines", [[], [login("a").partition("\nRequire")[0]],
                                   ["<IfModule mod_none.c>", ADDRESS, "</IfModule>"]],
                         ids=["empty", "a login", "not for this httpd"])
def test_a_section_without_require_is_taken_with_a_warning(new_httpd, lines):
    httpd = new_httpd()
    code, output = configtest(httpd, area("path /x", *lines))
    assert code == 0
    assert output.count("CFC0201") == 1
    assert (f"CFC0201: CFClusterProtect path /x ({httpd.root}/test.conf:1): has no Require, so it "
            "refuses everybody; add for example: Require ip 10.0.9.0/24") in output


def in_vhost(text):
    return f"<VirtualHost *>\n{text}\n</VirtualHost>"


CLASHES = [
    # label,                       first,                           second
    ("a path in a path",           area("path /x", login("a")),     area("path /x/y", login("b"))),
    ("a preset in everything",     area("path /", login("a")),      area("remote-api", login("b"))),
    ("a path in a preset",         area("remote-api", login("a")),  area("path /rpc", login("b"))),
    ("with an area between",       area("path /x", login("a")) + "\n" + area("path /", ADDRESS),
                                   area("path /x", login("b"))),
    ("in a virtual host",          area("path /x", login("a")),
                                   in_vhost(area("path /x", login("b")))),
]


@pytest.mark.parametrize("first, second", [row[1:] for row in CLASHES],
                         ids=[row[0] for row in CLASHES])
def test_two_logins_for_one_path_are_refused(new_httpd, first, second):
    httpd = new_httpd()
    code, output = configtest(httpd, f"{first}\n{second}")
    line = 2 + first.count("\n") + second.startswith("<VirtualHost")
    assert code != 0
    assert output.count("CFC0202") == 1
    assert f"({httpd.root}/test.conf:{line}): shares paths with CFClusterProtect" in output
    assert (f"({httpd.root}/test.conf:1), which has another login, and one request cannot carry "
            "two; write the same AuthType lines in both") in output


def test_all_clashes_of_all_virtual_hosts_are_listed_in_one_run(new_httpd):
    text = "\n".join([area("path /x", login("a")), area("path /x", login("b")),
                      in_vhost(area("path /x", login("c")))])
    code, output = configtest(new_httpd(), text)
    assert code != 0
    assert output.count("CFC0202") == 3     # second with first, third with both
