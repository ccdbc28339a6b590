# SPDX-License-Identifier: Apache-2.0
"""From the command line to a command of the table, and from what happened to the exit code."""

import argparse
import json
import os
import sys

from .api import Trouble
from .commands import COMMANDS, COMMON, EXITS
from .show import tell

INTERRUPTED = 130

SUMMARY = "Shows and changes clusters of mod_cfcluster, on one or several balancers."


def _add_option(parser, opt):
    more = {"action": "store_true"} if not opt.value else {
        "metavar": opt.value, "choices": opt.choices or None, "required": opt.needed,
        "action": "append" if opt.many else "store"}
    parser.add_argument(opt.name, help=opt.help, **more)


def parser():
    """The command line as the table has it."""
    exits = "\n".join(f"  {code:3}  {text}" for code, text in EXITS)
    top = argparse.ArgumentParser(
        prog="cfclusterctl", description=SUMMARY, allow_abbrev=False,
        epilog=f"exit codes:\n{exits}\n\ncfclusterctl COMMAND --help tells a command's options.",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(metavar="COMMAND", dest="command", required=True)
    for command in COMMANDS:
        one = commands.add_parser(command.name, help=command.help, description=command.help,
                                  allow_abbrev=False)
        for arg in command.args:
            more = {"choices": arg.choices} if arg.choices else {"metavar": arg.name.upper()}
            one.add_argument(arg.name, help=arg.help, nargs=arg.count or None, **more)
        for opt in (*command.opts, *COMMON):
            _add_option(one, opt)
        one.set_defaults(run=command.run)
    return top


def main(argv=None):
    """@return the exit code"""
    for stream in sys.stdin, sys.stdout, sys.stderr:
        if stream is not None:      # what the terminal cannot show ends nothing
            stream.reconfigure(errors="backslashreplace")
    args = parser().parse_args(argv)
    try:
        return args.run(args)
    except Trouble as e:
        if args.json:
            print(json.dumps({"version": 1, "code": e.code, "text": str(e)}))
        else:
            tell(f"cfclusterctl: {e}")
        return e.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone; Python would complain of it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
