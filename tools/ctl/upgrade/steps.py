# SPDX-License-Identifier: Apache-2.0
"""The one table of what an upgrade does, step by step, and of the way back. The walker walks it,
the plan's commands are checked against it, and docs/upgrade.md is generated from it.

Gates are those of docs/gates.md, asked of the balancer, and two of world.py, node-serving and
others-serve. {node}, {database}, {replica}, {source} are names of the plan."""

from dataclasses import dataclass, replace

NOTHING = "nothing"


@dataclass(frozen=True)
class Part:
    """One direction of a step. Empty fields: nothing of the kind."""
    says: str                   # what is done, for the person at the terminal
    before: tuple = ()          # gates without which it is not begun
    act: str = ""               # what cfclusterctl does itself before the command: see duties.py
    command: str = ""           # section of the plan with the operator's command
    after: tuple = ()           # gates without which it is not done
    then: str = ""              # what cfclusterctl does itself when they are met
    wait: str = "settle"        # time of the plan for which the gates may take to be met
    asks: str = ""              # a person has to answer this with go
    repeat: bool = True         # the command may run again when it is not known whether it ran

    @property
    def follows(self):
        """Whether the node's log is shown meanwhile."""
        return self.wait == "starting" or self.act == "observe"


@dataclass(frozen=True)
class Step:
    id: str
    title: str
    do: Part
    undo: Part = None           # None: there is no way back of its own
    undone_by: str = ""         # then: the step whose way back undoes this, too; NOTHING: it
                                # changes nothing; "": it is left
    undo_unfinished: bool = True    # undo also what was begun and did not end well
    public: bool = False        # undoing it lets users in: not when they are to stay outside
    final: bool = False         # there is no way back behind it
    warns: str = ""             # before it is undone a person has to agree to this


@dataclass(frozen=True)
class Group:
    over: str                   # what the steps are done for, one after the other: see subjects()
    steps: tuple


@dataclass(frozen=True)
class Instance:
    """A step for one node or database, or for the whole cluster (subject is "")."""
    step: Step
    kind: str                   # "", "node", "database"
    subject: str

    @property
    def id(self):
        return f"{self.step.id}:{self.subject}" if self.subject else self.step.id


# --- steps of several procedures

ANNOUNCE = Step(
    "announce", "Tell users",
    Part("Tell your users when it begins and how long it takes.", command="announce",
         repeat=False),
    Part("Tell your users that the upgrade was called off.", command="announce-abort",
         repeat=False))

DEPLOY = Step(
    "deploy", "Install the new version",
    Part("Install the new version of Confluence on {node}; do not start it.", command="deploy",
         before=("node-stopped:{node}",), repeat=False),
    undone_by="snapshot-node")

CUSTOMISE = Step(
    "customise", "Customisations",
    Part("Put your own changes back into the installation on {node} (server.xml, setenv.sh, "
         "libraries, templates).", command="customise", before=("node-stopped:{node}",),
         repeat=False),
    undone_by="snapshot-node")

_START = Part(
    "Start Confluence on {node} and wait until it says RUNNING. Upgrading its database can take "
    "hours; ERROR or FIRST_RUN ends the wait at once.",
    command="start-node", after=("node-running:{node}",), wait="starting")
_STOP = Part(
    "Stop Confluence on {node} and wait until nobody listens there.",
    command="stop-node", after=("node-stopped:{node}",))

STOP_NODE = Step("stop-node", "Stop Confluence", _STOP, _START)
START_NODE = Step("start-node", "Start Confluence", _START, _STOP)

SNAPSHOT_NODE = Step(
    "snapshot-node", "Snapshot of the node",
    Part("Make a snapshot of Confluence's home and installation on {node}.",
         before=("node-stopped:{node}",), command="snapshot-node", repeat=False),
    Part("Bring home and installation on {node} back to the snapshot.",
         before=("node-stopped:{node}",), command="revert-node", repeat=False),
    undo_unfinished=False)

TESTERS = Step(
    "testers", "Testers look",
    Part("Testers look at {node} while users do not get it. The link makes a browser a tester of "
         "{node}.", before=("node-running:{node}",), act="tester_link",
         asks="Does everything work on {node}?"),
    undone_by=NOTHING)

PLUGINS = Step(
    "plugins", "Plugins",
    Part("Upgrade the plugins that need it, in Confluence's administration.", command="plugins",
         repeat=False),
    undone_by="snapshot-database")

ANNOUNCE_END = Step(
    "announce-end", "Tell users",
    Part("Tell your users that it is done.", command="announce-end", repeat=False))

# --- offline

MAINTENANCE = Step(
    "maintenance", "Maintenance page",
    Part("Close the cluster: users see the maintenance page, testers pass.",
         before=("monitor-alive",), act="close", after=("maintenance-on",)),
    Part("Open the cluster.", before=("all-serving",), act="open", after=("maintenance-off",)),
    public=True)

BALANCING_OFF = Step(
    "balancing-off", "No sessions",
    Part("Stop balancing to {node}; what is in flight may end.", before=("maintenance-on",),
         act="stop_routing", after=("node-drained:{node}",), wait="drained"),
    Part("Balance to {node} again.", before=("node-running:{node}",), act="activate",
         after=("node-serving:{node}",)),
    public=True)

STOP_REPLICA = Step(
    "stop-replica", "Stop the replica",
    Part("Stop the replica {replica}. It has all, and nothing writes any more.",
         before=("nodes-stopped", "no-app-connections:{source}", "replica-complete:{replica}"),
         act="acknowledge", command="stop-database", after=("database-stopped:{replica}",)),
    Part("Start the replica {replica} and wait until it is in sync.", command="start-database",
         after=("replica-in-sync:{replica}",), wait="sync", then="watch_again"))

STOP_SOURCE = Step(
    "stop-source", "Stop the database",
    Part("Stop the database {source}. No application is connected.",
         before=("nodes-stopped", "no-app-connections:{source}"),
         act="acknowledge", command="stop-database", after=("database-stopped:{source}",)),
    Part("Start the database {source}.", command="start-database",
         after=("database-up:{source}",), then="watch_again"))

SNAPSHOT_DATABASE = Step(
    "snapshot-database", "Snapshot of the database",
    Part("Make a snapshot of the files of {database}, which is stopped.",
         before=("database-stopped:{database}",), command="snapshot-database", repeat=False),
    Part("Bring the files of {database}, which is stopped, back to the snapshot.",
         before=("database-stopped:{database}",), command="revert-database", repeat=False),
    undo_unfinished=False)

START_SOURCE = Step(
    "start-source", "Start the database",
    STOP_SOURCE.undo,
    Part("Stop the database {source} again.",
         before=("nodes-stopped", "no-app-connections:{source}"), act="acknowledge",
         command="stop-database", after=("database-stopped:{source}",)))

START_REPLICA = Step(
    "start-replica", "Start the replica",
    STOP_REPLICA.undo,
    Part("Stop the replica {replica} again.", act="acknowledge", command="stop-database",
         after=("database-stopped:{replica}",)))

BALANCING_ON = Step(
    "balancing-on", "Balancing",
    Part("Balance to {node} again, slowly at first. The page is still up, so that nobody meets a "
         "cluster without nodes.", before=("node-running:{node}",), act="activate",
         after=("node-serving:{node}",)),
    Part("Stop balancing to {node}.", before=("maintenance-on",), act="stop_routing",
         after=("node-drained:{node}",), wait="drained"))

OPEN = Step(
    "open", "Open",
    Part("Take the maintenance page away.", before=("all-serving",), act="open",
         after=("maintenance-off",)),
    Part("Close the cluster again.", act="close", after=("maintenance-on",)),
    warns="Users have worked since the cluster was opened. What they wrote since is lost.")

ALL_WELL = Step(
    "all-well", "Last look",
    Part("Behind this step there is no way back. Wait with it for as long as you may want to go "
         "back: leave the walk here and resume it in some days.",
         asks="Does everything work, so that the snapshots can be deleted?"),
    undone_by=NOTHING)

DELETE_SNAPSHOTS = Step(
    "delete-snapshots", "Delete the snapshots",
    Part("Delete the snapshots of {any}.", command="delete-snapshots", repeat=False),
    final=True)

OFFLINE = (
    Group("once", (ANNOUNCE, MAINTENANCE)),
    Group("nodes", (BALANCING_OFF,)),
    Group("nodes", (STOP_NODE,)),
    Group("replica", (STOP_REPLICA,)),
    Group("source", (STOP_SOURCE,)),
    Group("nodes", (SNAPSHOT_NODE,)),
    Group("databases", (SNAPSHOT_DATABASE,)),
    Group("source", (START_SOURCE,)),
    Group("nodes", (DEPLOY,)),
    Group("first", (CUSTOMISE, START_NODE, TESTERS)),
    Group("others", (CUSTOMISE, START_NODE, TESTERS)),
    Group("replica", (START_REPLICA,)),
    Group("nodes", (BALANCING_ON,)),
    Group("once", (OPEN, PLUGINS, ANNOUNCE_END, ALL_WELL)),
    Group("nodes and databases", (DELETE_SNAPSHOTS,)),
)

# --- rolling

_OUT = Part("Give {node} no new users, wait for those it has until the drain= of the plan is over, "
            "then move them.", before=("others-serve:{node}",), act="drain",
            after=("node-drained:{node}",), wait="drained")
_IN = Part("Give {node} users again, slowly at first.", before=("node-running:{node}",),
           act="activate", after=("node-serving:{node}",))

UPGRADE_MODE = Step(
    "upgrade-mode", "Confluence's rolling upgrade mode",
    Part("Enable the rolling upgrade mode in Confluence's administration (General configuration, "
         "Rolling upgrades); without it nodes of two versions do not form a cluster.",
         before=("monitor-alive", "all-serving"), command="upgrade-mode", repeat=False),
    Part("Disable the rolling upgrade mode in Confluence's administration; all nodes have the old "
         "version.", command="upgrade-mode-off", repeat=False))

TAKE_OUT = Step("drain", "Drain", _OUT, _IN, public=True)
TAKE_IN = Step("activate", "Activate", _IN, _OUT)

OBSERVE = Step(
    "observe", "Observe",
    Part("Compare {node} with the others for the observe= of the plan: failed requests and "
         "latency. The walk pauses when it is worse.", before=("node-serving:{node}",),
         act="observe", after=("node-serving:{node}",)),
    undone_by=NOTHING)

ALL_NODES_WELL = Step(
    "all-nodes-well", "Last look",
    Part("All nodes have the new version. Behind this step none can go back.",
         before=("all-serving",), asks="Does everything work, on every node?"),
    undone_by=NOTHING)

FINALISE = Step(
    "finalise", "Finalise",
    Part("Finalise the rolling upgrade in Confluence's administration; that ends its rolling "
         "upgrade mode, too.", before=("all-serving",), command="finalise", repeat=False),
    final=True)

# Hours after the drain another node may have failed.
_STOP_ONE = replace(_STOP, before=("others-serve:{node}",))
STOP_ONE = replace(STOP_NODE, do=_STOP_ONE)
START_ONE = replace(START_NODE, undo=_STOP_ONE)

ROLLING = (
    Group("once", (ANNOUNCE, UPGRADE_MODE)),
    Group("nodes", (TAKE_OUT, STOP_ONE, SNAPSHOT_NODE, DEPLOY, CUSTOMISE, START_ONE, TESTERS,
                    TAKE_IN, OBSERVE)),
    Group("once", (ALL_NODES_WELL, FINALISE, PLUGINS, ANNOUNCE_END)),
    Group("nodes", (DELETE_SNAPSHOTS,)),
)

# --- staging copy: the rehearsal

STOP_STAGING = Step(
    "stop-staging", "Stop the staging server",
    Part("Stop Confluence and the database on the staging server.", command="stop-staging"))

PAUSE_REPLICA = Step(
    "pause-replica", "Stop the replica",
    Part("Stop the replica {replica}, whose files are to be copied.",
         before=("replica-in-sync:{replica}",), act="acknowledge", command="stop-database",
         after=("database-stopped:{replica}",)),
    STOP_REPLICA.undo)

COPY = Step(
    "copy", "Copy",
    Part("Copy the home directory of {node} and the files of the replica to the staging server.",
         before=("node-stopped:{node}",), command="copy", repeat=False))

# What these have begun the steps before end, on the way back too.
GO_ON_REPLICA = Step("go-on-replica", "Start the replica", STOP_REPLICA.undo, undone_by=NOTHING)
GO_ON_NODE = Step("go-on-node", "Start Confluence", _START, undone_by=NOTHING)
GO_ON_USERS = Step("go-on-users", "Activate", _IN, undone_by=NOTHING)

START_STAGING_DATABASE = Step(
    "start-staging-database", "Database of the staging server",
    Part("Start the database of the staging server with the copied files.",
         command="start-staging-database"))

CONFIGURE_STAGING = Step(
    "configure-staging", "Configuration of the staging server",
    Part("Give the copy the configuration of the staging server: cluster, database, base URL, "
         "licence, no mail.", command="configure-staging"))

DEPLOY_STAGING = Step(
    "deploy-staging", "Install the new version",
    Part("Install the new version of Confluence on the staging server.",
         command="deploy-staging", repeat=False))

CUSTOMISE_STAGING = Step(
    "customise-staging", "Customisations",
    Part("Put your own changes back into the installation.", command="customise-staging",
         repeat=False))

START_STAGING = Step(
    "start-staging", "Start Confluence",
    Part("Start Confluence on the staging server and read its log while it upgrades.",
         command="start-staging"))

RUN_CHECKS = Step(
    "run-checks", "Checks",
    Part("Run your checks: automated ones, by hand, each plugin, some users of a few departments.",
         command="run-checks", asks="Does everything work?"))

STAGING_COPY = (
    Group("once", (STOP_STAGING,)),
    Group("replica", (PAUSE_REPLICA,)),
    Group("copied", (TAKE_OUT, STOP_ONE, COPY)),
    Group("replica", (GO_ON_REPLICA,)),
    Group("copied", (GO_ON_NODE, GO_ON_USERS)),
    Group("once", (START_STAGING_DATABASE, CONFIGURE_STAGING, DEPLOY_STAGING, CUSTOMISE_STAGING,
                   START_STAGING, RUN_CHECKS)),
)

# --- packages of the system, on the staging server

PACKAGES = (
    Group("once", (
        Step("single-user", "Single user mode",
             Part("Switch the staging server to single user mode.", command="single-user")),
        Step("snapshot-root", "Snapshot",
             Part("Make a snapshot of its root partition.", command="snapshot-root",
                  repeat=False)),
        Step("boot-snapshot", "Boot the snapshot",
             Part("Boot it from the snapshot, this once (the boot loader's menu).",
                  command="boot-snapshot", repeat=False)),
        Step("try-packages", "Try",
             Part("Install the packages there.", command="try-packages", repeat=False,
                  asks="Does everything work?")),
        Step("boot-root", "Boot again",
             Part("Boot it from its root partition.", command="boot-root", repeat=False)),
        Step("install-packages", "Install",
             Part("Install the packages for good.", command="install-packages", repeat=False,
                  asks="Does everything work?")),
        Step("delete-root-snapshot", "Delete the snapshot",
             Part("Delete the snapshot.", command="delete-root-snapshot", repeat=False)),
    )),
)

PROCEDURES = {"offline": OFFLINE, "rolling": ROLLING, "staging-copy": STAGING_COPY,
              "packages": PACKAGES}

# What a plan may have besides the commands of the steps.
OTHER_COMMANDS = {
    "reach": "whether a host can be reached, for each node and database; asked by check",
    "follow": "prints the log of a node for as long as it runs; shown while the node starts and "
              "while it is observed",
}
# Of what several steps have done.
SHARED_COMMANDS = {
    "stop-database": "Stop the database, or the replica, in order, so that its files are whole.",
    "start-database": "Start the database, or the replica, which has to replicate again.",
}


def subjects(over, plan):
    """[(kind, name)] of what a group is done for."""
    nodes = [("node", name) for name in plan.nodes]
    source = [("database", plan.source)] if plan.source else []
    replica = [("database", plan.replica)] if plan.replica else []
    return {"once": [("", "")], "nodes": nodes, "first": nodes[:1], "others": nodes[1:],
            "source": source, "replica": replica, "databases": source + replica,
            "nodes and databases": nodes + source + replica,
            "copied": [("node", plan.copied)]}[over]


def instances(procedure, plan):
    """All steps of a procedure, in order, for the nodes and databases of a plan."""
    return [Instance(step, kind, name)
            for group in PROCEDURES[procedure]
            for kind, name in subjects(group.over, plan)
            for step in group.steps]


def words(instance, plan):
    """What {words} in a step's texts and gates stand for."""
    name = instance.subject
    return {"node": name, "database": name, "any": name, "replica": plan.replica,
            "source": plan.source}


def gates(wanted, instance, plan):
    """The gates of a part with names filled in. Those of a database that the plan does not have
    are left out: what it is told nothing of, it cannot ask for."""
    known = words(instance, plan)
    return [gate.format(**known) for gate in wanted
            if not ("{source}" in gate and not plan.source
                    or "{replica}" in gate and not plan.replica)]


def all_steps():
    """Every step of every procedure, once."""
    found = {}
    for procedure in PROCEDURES.values():
        for group in procedure:
            for step in group.steps:
                found.setdefault(step.id, step)
    return list(found.values())


def commands():
    """{section of a plan: what its command has to do}."""
    found = {}
    for step in all_steps():
        for part in (step.do, step.undo):
            if part is not None and part.command:
                found.setdefault(part.command, part.says)
    return {**found, **SHARED_COMMANDS, **OTHER_COMMANDS}


def warnings(procedure, plan):
    """Sentences about what its way back cannot do."""
    if procedure == "offline" and not plan.source:
        return ["The plan names no database=, so the way back brings back the nodes only: what the "
                "new version has changed in the database you have to bring back yourself."]
    return []
