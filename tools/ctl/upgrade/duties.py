# SPDX-License-Identifier: Apache-2.0
"""What the walker does itself: orders to the balancer. Each may be given again; which one when is
steps.py's. A function gets the walker and the instance; its first line of text is what --dry-run
says."""

import time

from . import compare, world

_ACKNOWLEDGED_FOR = "24h"
_LOOKS = 300           # at most, while a node is observed


def close(walker, _):
    """order: maintenance on"""
    plan = walker.plan
    more = {"message": plan.message} if plan.message else {}
    if plan.until:
        more["until"] = plan.until
    walker.order(action="maintenance-on", **more)


def open(walker, _):    # the word for it; nothing here reads files
    """order: maintenance off"""
    walker.order(action="maintenance-off")


def stop_routing(walker, instance):
    """order: stop balancing to the node"""
    walker.order(action="stop", node=instance.subject, reason=walker.reason(instance))


def drain(walker, instance):
    """order: drain the node, stop balancing to it when the drain= of the plan is over"""
    walker.order(action="drain", node=instance.subject, reason=walker.reason(instance),
                 deadline=walker.plan.values["drain"])


def activate(walker, instance):
    """order: activate the node"""
    walker.order(action="activate", node=instance.subject, reason=walker.reason(instance))


def acknowledge(walker, instance):
    """order: its outage is planned, no alarm"""
    walker.order(action="ack", dependency=instance.subject, until=_ACKNOWLEDGED_FOR,
                 reason=walker.reason(instance))


def watch_again(walker, instance):
    """order: its outage is over, alarms again"""
    walker.order(action="unack", dependency=instance.subject, reason=walker.reason(instance))


def tester_link(walker, instance):
    """order: a link that makes a browser a tester of the node"""
    try:
        answer = walker.world.order(action="tester-link", node=instance.subject,
                                    until=walker.plan.values["tester"],
                                    reason=walker.reason(instance))
        link = answer["tester"]["link"]
        walker.talk.say(f"Testers open {link}" if link else "The balancer knows no address of the "
                        "cluster to make a link with. Addresses of CFTesters are testers without.")
    except world.Refused as e:
        walker.talk.say(f"No link for testers: {e}. Addresses of CFTesters are testers without.")


def observe(walker, instance):
    """compare the node with the others for the observe= of the plan"""
    begin = walker.world.clusters()
    observe_s = walker.plan.seconds["observe"]
    end = time.monotonic() + observe_s
    said = ""
    while time.monotonic() < end:
        walker.pause(observe_s / _LOOKS)
        finding = compare.worst(begin, walker.world.clusters(), instance.subject)
        if finding.worse:
            raise world.Refused(f"{instance.subject} is worse than the others: {finding.text}")
        if finding.text != said:
            walker.talk.say(finding.text)
            said = finding.text


def told(name):
    """What --dry-run and docs/upgrade.md say of one."""
    return globals()[name].__doc__
