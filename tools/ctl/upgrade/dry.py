# SPDX-License-Identifier: Apache-2.0
"""What --dry-run prints: what would be done, asked and run. Changes nothing."""

from . import duties, journal, progress, steps


def on(what, read, kept, keep_closed):
    """Lines: what resume or abort would do with a walk that has begun."""
    if keep_closed:
        kept.records.append({"keep_closed": True})      # as if; nothing is written
    found = progress.Progress(kept, read)
    if what == "resume" and kept.way == "do":
        left = found.to_do()
        lines = [f"upgrade {found.procedure} of cluster {read.cluster}, {len(left)} steps are left"]
        for instance in left:
            begun = kept.mark(instance.id, "do")
            lines += ["", f"{instance.id}: {instance.step.title}" + (
                f" (it was begun: {begun})" if begun else "")]
            lines += ["   " + line for line in _part_lines(instance, instance.step.do, read)]
        return lines
    if kept.way == "do" and (why := found.no_way_back()):
        raise journal.JournalError(why)
    lines = [f"the way back of upgrade {found.procedure} of cluster {read.cluster}",
             *steps.warnings(found.procedure, read)]
    for instance, why in found.to_undo():
        lines += ["", f"{instance.id}: {instance.step.title}"]
        lines += ["   " + line for line in (
            [f"is left as it is: {why}"] if why
            else _part_lines(instance, instance.step.undo, read))]
    return lines


def begin(procedure, read):
    """Lines: what would be done, checked and run."""
    found = steps.instances(procedure, read)
    lines = [f"upgrade {procedure} of cluster {read.cluster}, {len(found)} steps",
             *steps.warnings(procedure, read)]
    for number, instance in enumerate(found, 1):
        lines += ["", f"{number}. {instance.id}: {instance.step.title}"]
        lines += ["   " + line for line in _part_lines(instance, instance.step.do, read)]
        undo = instance.step.undo
        if instance.step.final:
            lines.append("   way back: none from here on")
        elif undo is not None:
            lines += ["   way back: " + line for line in _part_lines(instance, undo, read)]
    return lines


def _part_lines(instance, part, read):
    lines = [part.says.format(**steps.words(instance, read))]
    lines += [f"needs gate {gate}" for gate in steps.gates(part.before, instance, read)]
    if part.act:
        lines.append(duties.told(part.act))
    if part.command:
        lines += _command_lines(part.command, instance, read)
    lines += [f"wants gate {gate}" for gate in steps.gates(part.after, instance, read)]
    if part.then:
        lines.append(duties.told(part.then))
    if part.asks:
        lines.append(f"asks: {part.asks.format(**steps.words(instance, read))}")
    return lines


def _command_lines(name, instance, read):
    given = read.commands.get(name)
    if not given or not given.command and not given.skip:
        return [f"you do it yourself: the plan has no [{name}]"]
    if given.skip:
        return [f"nothing to do: {given.skip}"]
    known = " ".join(f"{key}={value}" for key, value in read.environment(instance).items())
    return ([f"runs, for {given.timeout:g} s at most: {given.command}", f"  with {known}"]
            + ([f"checks: {given.check}"] if given.check else []))
