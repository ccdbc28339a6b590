# SPDX-License-Identifier: Apache-2.0
"""What the commands do: each function takes the parsed command line and returns the exit code."""

import json
import sys

from . import config, live, orders, show, times
from .api import FRESH_WITHIN, NOT_MET, USAGE, Trouble

TIMEOUT = "15m"


def _balancers(args):
    return config.balancers(args.balancer, args.config, args.user, args.cluster)


def _screen(args):
    return show.Screen(show.colour_wanted(args.color or "auto", sys.stdout))


def _print(args, document, fill):
    """document() as JSON, or the tables that fill(screen) makes."""
    if args.json:
        print(json.dumps(document(), indent=2, ensure_ascii=False))
        return
    screen = _screen(args)
    fill(screen)
    sys.stdout.write(screen.text())


# looking

def _found(balancer):
    """Its status, or the Trouble that there is, unless the person has to mend something."""
    try:
        return balancer.status()
    except Trouble as e:
        if e.code == USAGE:
            raise
        return e


def _status_document(found):
    return {"version": 1, "balancers": [
        {"name": b.name, "url": b.url, "code": one.code, "text": str(one)}
        if isinstance(one, Trouble) else
        {"name": b.name, "url": b.url, "code": 0, "status": one} for b, one in found]}


def status(args):
    balancers = _balancers(args)

    def look():
        return [(balancer, _found(balancer)) for balancer in balancers]

    def fill(screen, found):
        for i, (balancer, one) in enumerate(found):
            if i:
                screen.line()
            show.status(screen, balancer, one, len(found) > 1)
        return screen

    def once(screen, found):
        fill(screen, [pair for pair in found if not isinstance(pair[1], Trouble)])
        for _, one in found:
            if isinstance(one, Trouble):
                show.tell(f"cfclusterctl: {one}")

    if args.watch and args.json:
        return live.watch_json(lambda: _status_document(look()))
    if args.watch:
        return live.watch(lambda: fill(_screen(args), look()))
    found = look()
    _print(args, lambda: _status_document(found), lambda screen: once(screen, found))
    return next((one.code for _, one in found if isinstance(one, Trouble)), 0)


def events(args):
    balancers = _balancers(args)
    several = len(balancers) > 1

    def tell(balancer, event):
        if args.json:
            print(json.dumps({"balancer": balancer.name, **event}), flush=True)
            return
        screen = _screen(args)
        show.event(screen, balancer.name if several else "", event)
        sys.stdout.write(screen.text())
        sys.stdout.flush()

    found = {balancer: balancer.events() for balancer in balancers}
    all_of_them = [(event["at"], i, event["seq"], balancer, event)
                   for i, balancer in enumerate(balancers) for event in found[balancer]["events"]]
    for *_, balancer, event in sorted(all_of_them, key=lambda one: one[:3]):
        tell(balancer, event)
    if args.follow:
        return live.follow(balancers, {b: answer["last"] for b, answer in found.items()}, tell)
    return 0


def gates(args):
    balancers = _balancers(args)
    several = len(balancers) > 1
    rows = []
    for target in orders.look(balancers):
        name = target.balancer.name if several else ""
        asked = [target.balancer.gate(target.cluster, gate, FRESH_WITHIN)
                 for gate in args.gate]
        rows += [(name, gate) for gate in asked or target.status["gates"]]
    document = {"version": 1, "gates": [{**gate, "balancer": name} for name, gate in rows]}
    _print(args, lambda: document, lambda screen: show.gates(screen, rows))
    met = all(gate["verdict"] == "met" for _, gate in rows)
    return 0 if met or not args.gate else NOT_MET


# changing

def _report(args, outcomes):
    """Say what each balancer has made of it; @return the exit code of it."""
    if args.json:
        document = {"version": 1, "balancers": [outcome.as_json() for outcome in outcomes]}
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return orders.exit_code(outcomes)
    for outcome in outcomes:
        prefix = f"{outcome.balancer.name}: " if len(outcomes) > 1 and not outcome.code else ""
        text = show.clean(times.localised(prefix + outcome.text))
        print(text, file=sys.stderr if outcome.code else sys.stdout, flush=True)
        if "tester" in outcome.answer:
            print(show.clean(outcome.answer["tester"]["link"]), flush=True)
    return orders.exit_code(outcomes)


def _order(args, action, what=None, **fields):
    """Have it done, and wait for `what` if that was asked for."""
    seconds = times.seconds(args.timeout or TIMEOUT) if what else 0
    if what and args.timeout and not args.wait:
        raise Trouble(USAGE, "--timeout is for --wait")
    targets = orders.look(_balancers(args), fields.get("node"), fields.get("dependency"))
    outcomes = orders.carry_out(targets, action, reason=getattr(args, "reason", None), **fields)
    if what and args.wait and not orders.exit_code(outcomes):
        if not args.json:
            _report(args, outcomes)
        outcomes = orders.wait(targets, args.node, what, seconds, _progress())
    return _report(args, outcomes)


def _progress():
    """Says what is there while one waits, when it is something else; None: nobody looks."""
    last = []

    def tell(text):
        if text != (last or [None])[-1]:
            show.tell(text)
            last[:] = [text]

    return tell if sys.stderr.isatty() else None


def drain(args):
    return _order(args, "drain", "drained", node=args.node, force=args.force or None,
                  deadline=times.instant(args.deadline), until=times.instant(args.until),
                  **{"return": getattr(args, "return")})


def stop(args):
    return _order(args, "stop", "out", node=args.node, force=args.force or None,
                  until=times.instant(args.until), **{"return": getattr(args, "return")})


def activate(args):
    return _order(args, "activate", "up", node=args.node)


def recover(args):
    return _order(args, "recover", node=args.node)


def maintenance(args):
    begin = getattr(args, "from")
    if (args.what == "schedule") != (begin is not None):
        raise Trouble(USAGE, "maintenance schedule needs --from, for example --from 22:00; "
                             "only it takes one")
    given = [name for name in ("until", "end", "message") if getattr(args, name) is not None]
    if args.what == "off" and given:
        raise Trouble(USAGE, f"maintenance off takes no --{given[0]}")
    begin = times.instant(begin)
    return _order(args, "maintenance-off" if args.what == "off" else "maintenance-on",
                  message=args.message, until=times.instant(args.until, begin), end=args.end,
                  path=args.path, force=args.force or None, **{"from": begin})


def ack(args):
    return _order(args, "ack", dependency=args.dependency, until=times.instant(args.until))


def unack(args):
    return _order(args, "unack", dependency=args.dependency)


def tester_link(args):
    return _order(args, "tester-link", node=args.node, until=times.instant(getattr(args, "for")))


def wait(args):
    seconds = times.seconds(args.timeout or TIMEOUT)
    targets = orders.look(_balancers(args), args.node)
    return _report(args, orders.wait(targets, args.node, args.what, seconds, _progress()))
