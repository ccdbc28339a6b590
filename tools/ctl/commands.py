# SPDX-License-Identifier: Apache-2.0
"""The table of commands. From it come the parser, --help, the man page, the completions and the
check of docs/cfclusterctl.md. What a command does is verbs.py's business."""

from typing import Callable, NamedTuple

from . import verbs
from .upgrade import command as upgrade


class Arg(NamedTuple):
    """What stands after the command."""
    name: str               # as the parser and verbs.py have it
    help: str
    choices: tuple = ()
    count: str = ""         # "?": may be left out, "*": any number


class Opt(NamedTuple):
    """An option of a command."""
    name: str
    value: str              # what it takes, "" if nothing
    help: str
    choices: tuple = ()
    needed: bool = False
    many: bool = False


class Command(NamedTuple):
    name: str
    help: str               # one sentence
    run: Callable           # of the parsed arguments; returns the exit code
    args: tuple = ()
    opts: tuple = ()


NODE = Arg("node", "the node's name")
DEPENDENCY = Arg("dependency", "the name of a database or directory")
REASON = Opt("--reason", "TEXT", "for the next person who looks")
FORCE = Opt("--force", "", "also if it leaves users without a node")
WAIT = Opt("--wait", "", "wait until it has come about: drained, out (stop) or up (activate)")
TIMEOUT = Opt("--timeout", "TIME", f"how long to wait at most, {verbs.TIMEOUT} if not given")
RETURN = Opt("--return", "restart", "active again when it was restarted and is up", ("restart",))
BACK_AT = Opt("--until", "WHEN", "active again then")

COMMON = (
    Opt("--balancer", "URL|NAME", "which one: address of its status page, or a section of the "
        "configuration file; may be repeated; all of the file if not given", many=True),
    Opt("--cluster", "NAME", "which cluster, if a balancer has several"),
    Opt("--config", "FILE", "configuration file; else ~/.config/cfclusterctl.conf, or "
        "/etc/cfcluster/ctl.conf"),
    Opt("--user", "NAME", "user name; the password comes from the file, the environment "
        "(CFCLUSTER_PASSWORD) or a prompt"),
    Opt("--json", "", "for programs: JSON in place of tables"),
    Opt("--color", "WHEN", "auto if not given: on a terminal, unless NO_COLOR is set",
        ("auto", "always", "never")),
)

COMMANDS = (
    Command("status", "Show clusters, nodes, databases and directories.", verbs.status, (),
            (Opt("--watch", "", "keep it current, until Ctrl-C"),)),
    Command("drain", "Have a node keep its users and take no new ones.", verbs.drain, (NODE,),
            (WAIT, TIMEOUT, Opt("--deadline", "WHEN", "stop it then"), BACK_AT, RETURN, REASON,
             FORCE)),
    Command("stop", "Have a node get no requests; its users move to others.", verbs.stop, (NODE,),
            (WAIT, TIMEOUT, BACK_AT, RETURN, REASON, FORCE)),
    Command("activate", "Have a node take new users again.", verbs.activate, (NODE,),
            (WAIT, TIMEOUT, REASON)),
    Command("recover", "End a node's ejection and have it probed at once.", verbs.recover, (NODE,),
            (REASON,)),
    Command("maintenance", "Close the cluster, open it, or plan that.", verbs.maintenance,
            (Arg("what", "close it, open it, or close it later", ("on", "off", "schedule")),),
            (Opt("--from", "WHEN", "schedule: it begins then"),
             Opt("--until", "WHEN", "on, schedule: the planned end"),
             Opt("--end", "HOW", "on, schedule: at the planned end, or when ordered",
                 ("by-itself", "ordered")),
             Opt("--message", "TEXT", "on, schedule: what users read"),
             Opt("--path", "PREFIX", "only for paths below this one"), FORCE)),
    Command("ack", "Have a database or directory fail for a time without an alarm.", verbs.ack,
            (DEPENDENCY,), (Opt("--until", "WHEN", "end of the planned outage", needed=True),
                            REASON)),
    Command("unack", "End a planned outage.", verbs.unack, (DEPENDENCY,), (REASON,)),
    Command("tester-link", "Make a link with which a browser reaches this node as a tester.",
            verbs.tester_link, (NODE,),
            (Opt("--for", "TIME", "for how long", needed=True), REASON)),
    Command("events", "Show what has happened.", verbs.events, (),
            (Opt("--follow", "", "go on with what happens, until Ctrl-C"),)),
    Command("gates", "Answer the questions asked before something that cannot be undone.",
            verbs.gates, (Arg("gate", "name, or name:argument; all if not given", count="*"),)),
    Command("wait", "Wait for a node.", verbs.wait,
            (NODE, Arg("what", "what to wait for", ("drained", "up", "out"))), (TIMEOUT,)),
    Command("upgrade", "Walk an upgrade by a plan: begin it, or see to one that has begun.",
            upgrade.run, (Arg("what", "which procedure, or what to do with the walk",
                              (*upgrade.PROCEDURES, *upgrade.OTHERS)),),
            (Opt("--plan", "FILE", "the plan", needed=True),
             Opt("--dry-run", "", "only print what would be done; also of resume and abort"),
             Opt("--keep-closed", "", "abort: leave users outside"))),
)

EXITS = (
    (0, "done, or so already; asked gates are met"),
    (1, "the balancer could not do it, nothing was changed; upgrade: gone back"),
    (2, "the command line, the configuration file or a name is wrong; nothing was changed"),
    (3, "refused: users would be left without a node"),
    (4, "conflict: somebody changed something meanwhile; look again"),
    (5, "what was waited for did not come in time; what was ordered is done"),
    (6, "a balancer cannot be reached, or no status page is there"),
    (7, "not authorised"),
    (8, "a gate is not met, or it cannot be told"),
    (9, "several balancers: done on some of them only; upgrade: left, to be resumed"),
    (130, "interrupted; status --watch and events --follow end with 0"),
)
