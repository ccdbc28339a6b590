# SPDX-License-Identifier: Apache-2.0
"""What is written from the table of commands: the man page, the completions, the tables of
docs/cfclusterctl.md. tools/ctl-pages writes the files; a test compares them."""

from .commands import COMMANDS, COMMON, EXITS
from .config import FILES, KEYS

DATE = "November 23, 2026"

KEY_HELP = {
    "url": "address of its status page; needed",
    "user": "user name",
    "password": "password; nobody else may be able to read the file then",
    "ca": "file of PEM certificates to trust, in place of the system's",
    "cluster": "which cluster, if it has several",
}

ENVIRONMENT = (
    ("CFCLUSTER_BALANCER", "addresses or sections, with blanks between, as of --balancer"),
    ("CFCLUSTER_USER", "user name where the file has none"),
    ("CFCLUSTER_PASSWORD", "password where the file has none"),
    ("NO_COLOR", "if set, no colour"),
)


def _takes(opt):
    """An option with its value, as usage shows it."""
    if not opt.value:
        return opt.name
    return f"{opt.name} {'|'.join(opt.choices) if opt.choices else opt.value}"


def _stands_for(arg):
    word = "|".join(arg.choices) if arg.choices else arg.name.upper()
    return f"[{word} ...]" if arg.count == "*" else f"[{word}]" if arg.count else word


def usage(command):
    """One command with its arguments and own options."""
    options = [_takes(opt) if opt.needed else f"[{_takes(opt)}]" for opt in command.opts]
    return " ".join([command.name, *map(_stands_for, command.args), *options])


# docs

def commands_table():
    rows = [(usage(command).replace("|", "\\|"), command.help) for command in COMMANDS]
    return "| Command | Does |\n|---|---|\n" + "".join(f"| `{use}` | {text} |\n"
                                                       for use, text in rows)


def exits_table():
    return "| Exit code | Means |\n|---|---|\n" + "".join(
        f"| {code} | {text} |\n" for code, text in EXITS)


def options_table():
    rows = [(_takes(opt).replace("|", "\\|"), opt.help) for opt in COMMON]
    return "| Option | Means |\n|---|---|\n" + "".join(f"| `{use}` | {text} |\n"
                                                       for use, text in rows)


# man

def _roff(text):
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + escaped if escaped[:1] in (".", "'") else escaped


def _tagged(term, text):
    return [".TP", f".B {_roff(term)}", _roff(text[:1].upper() + text[1:] + "."[text[-1:] == ".":])]


def man():
    lines = [
        '.\\" SPDX-License-Identifier: Apache-2.0',
        '.\\" Written by tools/ctl-pages from tools/ctl/commands.py.',
        f'.TH CFCLUSTERCTL 1 "{DATE}" "mod_cfcluster" "User Commands"',
        ".SH NAME", "cfclusterctl \\- show and change clusters of mod_cfcluster",
        ".SH SYNOPSIS", ".B cfclusterctl", ".I COMMAND", "[\\fIARGUMENT\\fR ...]",
        "[\\fIOPTION\\fR ...]",
        ".SH DESCRIPTION",
        _roff("Does from a shell what the status page does, on one balancer or on several at once. "
              "Several are first asked whether they would; only if all of them would, all are "
              "told. WHEN is a duration (2h), a local time (06:00, \"2026-11-24 06:00\") or an "
              "instant in UTC (2026-11-24T05:00Z); TIME is a duration."),
        ".SH COMMANDS"]
    for command in COMMANDS:
        lines += [".SS " + _roff(usage(command)), _roff(command.help)]
        for arg in command.args:
            lines += _tagged(_stands_for(arg), arg.help)
        for opt in command.opts:
            lines += _tagged(_takes(opt), opt.help)
    lines.append(".SH OPTIONS OF ALL COMMANDS")
    for opt in COMMON:
        lines += _tagged(_takes(opt), opt.help)
    lines += [".SH FILES", _roff(f"{' or else '.join(FILES)}: a section for each balancer, in "
                                 "square brackets its name; [DEFAULT] is for all. Settings:")]
    for key in KEYS:
        lines += _tagged(key, KEY_HELP[key])
    lines.append(".SH ENVIRONMENT")
    for name, text in ENVIRONMENT:
        lines += _tagged(name, text)
    lines.append(".SH EXIT STATUS")
    for code, text in EXITS:
        lines += _tagged(str(code), text)
    return "\n".join(lines) + "\n"


# completions

def _options(command):
    return [*command.opts, *COMMON]


def _values():
    """The choices of every option that has some, and of files."""
    for opt in sorted({opt for command in COMMANDS for opt in _options(command) if opt.value}):
        if opt.choices or opt.value == "FILE":
            yield opt


def _compgen(what):
    return f'mapfile -t COMPREPLY < <(compgen {what} -- "$word")'


def _bash_value(opt):
    what = f"-W '{' '.join(opt.choices)}'" if opt.choices else "-f"
    return f"        {opt.name}) {_compgen(what)}; return ;;"


def _bash_command(command):
    choices = [word for arg in command.args for word in arg.choices]
    words = [*choices, *(opt.name for opt in _options(command)), "--help"]
    return f"        {command.name}) words='{' '.join(words)}' ;;"


def bash():
    names = " ".join(command.name for command in COMMANDS)
    values = "\n".join(map(_bash_value, _values()))
    free = "|".join(sorted({opt.name for command in COMMANDS for opt in _options(command)
                            if opt.value and not opt.choices and opt.value != "FILE"}))
    words = "\n".join(map(_bash_command, COMMANDS))
    return f"""\
# SPDX-License-Identifier: Apache-2.0
# bash completion for cfclusterctl. Written by tools/ctl-pages from tools/ctl/commands.py.
_cfclusterctl() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        {_compgen(f"-W '{names} --help'")}
        return
    fi
    case $before in
{values}
        {free}) return ;;
    esac
    case ${{COMP_WORDS[1]}} in
{words}
        *) return ;;
    esac
    {_compgen('-W "$words"')}
}}
complete -F _cfclusterctl cfclusterctl
"""


def _zsh_text(text):
    return text.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")


def _zsh_action(value, choices):
    if choices:
        return f":{value.lower()}:({' '.join(choices)})"
    return f":{value.lower()}:" + ("_files" if value == "FILE" else " ")


def _zsh_option(opt):
    action = _zsh_action(opt.value.replace("|", " or "), opt.choices) if opt.value else ""
    return f"'{'*' * opt.many}{opt.name}[{_zsh_text(opt.help)}]{action}'"


def _zsh_command(command):
    specs = [f"'{'*' * (arg.count == '*')}{_zsh_action(arg.name, arg.choices)}'"
             for arg in command.args] + [_zsh_option(opt) for opt in _options(command)]
    joined = " \\\n                ".join(specs)
    return f"        {command.name})\n            _arguments {joined} ;;"


def zsh():
    names = "\n".join(f"        '{c.name}:{_zsh_text(c.help)}'" for c in COMMANDS)
    cases = "\n".join(map(_zsh_command, COMMANDS))
    return f"""\
#compdef cfclusterctl
# SPDX-License-Identifier: Apache-2.0
# zsh completion for cfclusterctl. Written by tools/ctl-pages from tools/ctl/commands.py.
_cfclusterctl() {{
    local -a commands=(
{names}
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    shift words
    (( CURRENT-- ))
    case $words[1] in
{cases}
    esac
}}
_cfclusterctl "$@"
"""


PAGES = (("man/cfclusterctl.1", man), ("tools/completion/bash/cfclusterctl", bash),
         ("tools/completion/zsh/_cfclusterctl", zsh))
