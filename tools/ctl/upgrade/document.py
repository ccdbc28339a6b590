# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/upgrade.md, made from the tables that the program walks by."""

from types import SimpleNamespace

from . import duties, plan, steps

_NAMES = SimpleNamespace(nodes=["NODE"], source="DATABASE", replica="REPLICA", copied="NODE")
_OVER = {"once": "", "nodes": "each node", "first": "the first node", "others": "each other node",
         "source": "the database", "replica": "the replica", "databases": "both databases",
         "nodes and databases": "each node and database", "copied": "the node that is copied"}


def _gates(wanted, kind):
    name = "DATABASE" if kind in ("source", "replica", "databases") else "NODE"
    one = steps.Instance(None, "", name)
    return [f"`{gate}`" for gate in steps.gates(wanted, one, _NAMES)]


def _does(part):
    said = [duties.told(name) for name in (part.act, part.then) if name]
    if part.command:
        said.insert(1 if part.act else 0, f"`[{part.command}]`" if part.repeat
                    else f"`[{part.command}]`, never twice unasked")
    if part.asks:
        said.append("a person says go")
    return "; ".join(said) or "nothing"


def _row(over, step):
    kind = over if over in ("source", "replica", "databases") else ""
    cells = [f"`{step.id}`", _OVER[over], ", ".join(_gates(step.do.before, kind)), _does(step.do),
             ", ".join(_gates(step.do.after, kind)), _back(step)]
    return "| " + " | ".join(cells) + " |"


def _back(step):
    if step.final:
        return "none any more"
    if step.undo:
        return _does(step.undo)
    return {"": "it is left", steps.NOTHING: "nothing to do"}.get(
        step.undone_by, f"that of `{step.undone_by}`")


def procedure(name):
    lines = ["| Step | For | Needs | Is done by | Wants then | Way back |",
             "|---|---|---|---|---|---|"]
    lines += [_row(group.over, step) for group in steps.PROCEDURES[name] for step in group.steps]
    return "\n".join(lines) + "\n"


def settings():
    lines = ["| `[upgrade]` | Default | Means |", "|---|---|---|"]
    for key, (_, default, what) in plan.SETTINGS.items():
        shown = "has to be there" if default is None else f"`{default}`" if default else "none"
        lines.append(f"| `{key}` | {shown} | {what} |")
    return "\n".join(lines) + "\n"


def keys():
    lines = ["| Of a command | Means |", "|---|---|"]
    lines += [f"| `{key}` | {what} |" for key, what in plan.COMMAND_KEYS.items()]
    return "\n".join(lines) + "\n"


def commands():
    lines = ["| Section | What its command has to do |", "|---|---|"]
    for name, says in steps.commands().items():
        said = says.format(node="the node", database="the database", any="the node or database",
                           replica="(the replica)", source="(the source)").split(". ")[0]
        lines.append(f"| `[{name}]` | {said.rstrip('.')} |")
    return "\n".join(lines) + "\n"


PARTS = {
    "settings of a plan": settings,
    "keys of a command": keys,
    "commands of a plan": commands,
    **{f"steps of {name}": lambda name=name: procedure(name) for name in steps.PROCEDURES},
}


def written(text):
    """A document with these parts put in anew."""
    for title, made in PARTS.items():
        begin, end = f"<!-- {title} -->\n", "<!-- end -->"
        head, _, rest = text.partition(begin)
        text = head + begin + made() + end + rest.partition(end)[2]
    return text
