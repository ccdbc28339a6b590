# SPDX-License-Identifier: Apache-2.0
"""Which balancers are meant, and how to log in there: configuration file, environment, prompt.
A password is never taken from the command line, where every user of the host could read it."""

import configparser
import difflib
import getpass
import os
import stat
import sys

from .api import USAGE, Balancer, Trouble

FILES = "~/.config/cfclusterctl.conf", "/etc/cfcluster/ctl.conf"
KEYS = "url", "user", "password", "ca", "cluster"


def _file(named):
    """The configuration file, or None: nobody wrote one."""
    if named is not None:
        return named
    return next((path for path in map(os.path.expanduser, FILES) if os.path.exists(path)), None)


def _check_mode(path, f, parser):
    """Whoever may read a password may use it; whoever may write the file gets the next one."""
    mode = os.fstat(f.fileno()).st_mode
    secret = any("password" in parser[section] for section in [*parser.sections(), "DEFAULT"])
    if mode & stat.S_IWOTH or (secret and mode & stat.S_IROTH):
        raise Trouble(USAGE, f"{path}: every user of this host may "
                             f"{'read its password' if secret else 'change it'}; do: "
                             f"chmod 600 {path}")


def _check_keys(path, parser):
    for section in parser.sections():
        for key in parser[section]:
            if key not in KEYS:
                near = difflib.get_close_matches(key, KEYS, 1)
                raise Trouble(USAGE, f"{path}: [{section}] {key}: there is no such setting"
                              + (f"; did you mean {near[0]}?" if near else "")
                              + f" Known: {', '.join(KEYS)}")
        if "url" not in parser[section]:
            raise Trouble(USAGE, f"{path}: [{section}] has no url; write the address of the status "
                                 "page, for example url = https://wiki.example.com/cluster")


def _read(path):
    """The file's sections, each a balancer."""
    parser = configparser.ConfigParser(interpolation=None)
    if path is None:
        return parser
    try:
        with open(path, encoding="utf-8") as f:
            parser.read_file(f)
            _check_mode(path, f, parser)
    except OSError as e:
        raise Trouble(USAGE, f"{path}: {e.strerror}") from None
    except (configparser.Error, UnicodeDecodeError) as e:
        line = " ".join(str(e).split())
        raise Trouble(USAGE, f"{path} cannot be read: {line}") from None
    _check_keys(path, parser)
    return parser


def _section(parser, path, word):
    """The settings of one balancer that was named, or whose address was given."""
    for name in parser.sections():
        if word in (name, parser[name]["url"]):
            return {"name": name, **parser[name]}
    if "://" in word:
        return {"name": word, "url": word}
    known = ", ".join(parser.sections()) or "none"
    raise Trouble(USAGE, f"--balancer {word}: it is no address, and not in "
                         f"{path or 'a configuration file'}; known: {known}")


def _ask(balancer):
    """Have the person log in, if there is one who was not asked yet."""
    if balancer.password is not None or not sys.stdin.isatty():
        return False
    if balancer.user is None:
        print(f"User at {balancer.name}: ", end="", file=sys.stderr, flush=True)
        balancer.user = sys.stdin.readline().strip()
    balancer.password = getpass.getpass(f"Password of {balancer.user} at {balancer.name}: ")
    return True


def _balancer(settings, user, cluster):
    """The file's password belongs to the file's user."""
    own = settings.get("user")
    password = settings.get("password") if user in (None, own) else None
    made = Balancer(settings["url"], settings["name"],
                    user or own or os.environ.get("CFCLUSTER_USER"),
                    password if password is not None else os.environ.get("CFCLUSTER_PASSWORD"),
                    settings.get("ca"), _ask)
    made.cluster = cluster or settings.get("cluster")
    return made


def balancers(named, file=None, user=None, cluster=None):
    """Those that are named (addresses, or sections of the file); else those of the environment
    variable CFCLUSTER_BALANCER; else all of the file. Each has besides, in cluster, the name of
    the cluster that is meant, or None."""
    path = _file(file)
    parser = _read(path)
    words = named or os.environ.get("CFCLUSTER_BALANCER", "").split() or parser.sections()
    if not words:
        raise Trouble(USAGE, "no balancer is known: give --balancer "
                             f"https://wiki.example.com/cluster, or write {FILES[0]}")
    wanted = {}
    for word in words:
        settings = _section(parser, path, word)
        wanted.setdefault(settings["url"], settings)
    return [_balancer(settings, user, cluster) for settings in wanted.values()]
