# SPDX-License-Identifier: Apache-2.0
"""cfclusterctl upgrade check: whether all that the night needs is there. Changes nothing."""

import json
import os
import tempfile

from . import running, steps, world
from .. import api, show


def run(read, balancers, as_json):
    """Tells of each thing that is looked at; 0 if all is well."""
    found, bad = [], 0
    for line, verdict in _checks(read, balancers):
        found.append({"what": line, "ok": not verdict, "why": verdict or None})
        bad += bool(verdict)
        if not as_json:
            print(show.clean(f"{'ok' if not verdict else 'NOT OK':8} {line}"
                             + (f": {verdict}" if verdict else "")), flush=True)
    if as_json:
        print(json.dumps({"version": 1, "checks": found}, indent=2, ensure_ascii=False))
    else:
        print("All is well." if not bad else f"{bad} not ok; nothing was changed.")
    return api.NOT_MET if bad else 0


def _checks(read, balancers):
    yield f"the plan {read.path}", ""
    yield f"the directory {read.directory}", _check_directory(read.directory)
    yield from _check_balancers(read, balancers)
    yield from _check_hosts(read)


def _check_directory(directory):
    """It is made when a walk begins."""
    above = os.path.abspath(directory)
    while not os.path.exists(above):
        above = os.path.dirname(above)
    if not os.path.isdir(above):
        return f"{above} is not a directory"
    return "" if os.access(above, os.W_OK | os.X_OK) else f"you may not write to {above}"


def _check_balancers(read, balancers):
    for client in balancers.clients:
        one = world.World([client], read.cluster, read.serving)
        try:
            cluster = one.clusters()[0]
        except api.Trouble as e:
            yield client.name, str(e)
            continue
        yield f"{client.name} answers", ""
        yield from _check_names(read, client, cluster)
        yield f"{client.name} takes orders", _takes_orders(one)
        for gate in _gates_of_the_night(read):
            found = one.ask(gate, api.FRESH_WITHIN)
            usable = found.verdict == world.MET or (
                found.verdict == world.NOT_MET and gate.startswith("no-app"))
            yield f"gate {gate} ({found.evidence})", "" if usable else (
                f"{found.verdict}. {found.advice}")


def _check_names(read, client, cluster):
    has = {node["name"] for node in cluster["nodes"]}
    yield f"nodes {' '.join(read.nodes)} are those of {client.name}", (
        "" if has == set(read.nodes) else f"it has {', '.join(sorted(has))}")
    known = {one["name"] for one in cluster["dependencies"]}
    for name in filter(None, (read.source, read.replica)):
        yield f"{client.name} looks at database {name}", (
            "" if name in known else "add it with CFDatabase, or take it out of the plan")


def _takes_orders(one):
    """An order that is only checked shows whether orders would be taken."""
    try:
        one.order(action="maintenance-on", check="1")
    except world.Refused as e:
        return str(e)
    return ""


def _gates_of_the_night(read):
    yield from ("monitor-alive", "all-serving")
    if read.source:
        yield from (f"database-up:{read.source}", f"no-app-connections:{read.source}")
    if read.replica:
        yield f"replica-in-sync:{read.replica}"


def _check_hosts(read):
    reach = read.commands.get("reach")
    if not reach or not reach.command:
        yield "hosts", "the plan has no [reach], so nobody knows whether they can be reached"
        return
    for kind, name in steps.subjects("nodes and databases", read):
        instance = steps.Instance(steps.Step("reach", "", None), kind, name)
        with tempfile.NamedTemporaryFile() as output:
            trouble = running.run(reach.command, read.environment(instance), reach.timeout,
                                  output.name, show.tell, lambda: False)
        yield f"host of {kind} {name}", trouble
