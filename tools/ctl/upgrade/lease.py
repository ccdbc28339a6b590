# SPDX-License-Identifier: Apache-2.0
"""Tells every balancer of the plan that its cluster is being upgraded, by whom and at which step:
nobody else walks it then from another host or directory, and the status page shows it. It is a
lease, renewed by a thread, so that a walker who was struck down or is stuck is known to be gone.
(The lock of journal.py is for one directory; this is for one cluster.)"""

import contextlib
import threading

from . import journal
from .. import api

LEASE = "2m"            # nothing was heard for that long: the walker is gone
RENEW_S = 30
WALKER_BYTES = 71       # as much as a balancer keeps


def forget(world, own):
    """Have the balancers tell no more of a walk that was left and whose journal is lost. own: the
    id of the walk whose journal is here, if there is one. Returns lines about what was done.
    Raises JournalError when the walk is not lost, api.Trouble."""
    found = [(client, walk) for client in world.clients
             if (walk := world.cluster(client)["walk"])]
    for client, walk in found:
        if walk["state"] != "left":
            raise journal.JournalError(f"{client.name}: {walk['text']}. Only a walk that was left "
                                       "can be forgotten")
        if walk["id"] == own:
            raise journal.JournalError(f"{client.name}: {walk['text']}. Its journal is here: "
                                       "upgrade resume or upgrade abort ends it")
    for client, walk in found:
        client.order(world.name, "walk-end", walk=walk["id"])
    return [f"{client.name} tells no more: {walk['text']}" for client, walk in found] or [
        f"Nothing is told of a walk of cluster {world.name}."]


class Lease:
    def __init__(self, world, walk, walker, lost):
        """walk: the id of the walk, the same whoever resumes it. lost(): called by a thread when
        somebody else walks in spite of it; self.lost says who."""
        self._world, self._walk, self._call_lost = world, walk, lost
        self._walker = walker.encode()[:WALKER_BYTES].decode(errors="ignore")
        self._step = ""
        self._instead = {}              # {name of a balancer: id of the walk that is given up}
        self._news, self._over = threading.Event(), False
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self.lost = ""

    def take(self, step, give_up, say):
        """Be the only one who walks, as far as the balancers answer. give_up(what): whether a walk
        that somebody has left is given up for this one. Raises JournalError with who walks."""
        self._step = step
        for client in self._world.clients:
            with contextlib.suppress(api.Trouble):
                self._ask(client, give_up)
        for client in self._world.clients:
            self._tell(client, check=True)
        try:
            for client in self._world.clients:
                if not self._tell(client):
                    say(f"{client.name} does not answer, and is told later that you walk")
        except Exception:
            self._order_all("walk-leave")       # somebody came in between
            raise
        self._thread.start()

    def at(self, step):
        """The walk has come to a step. The balancers are told by and by."""
        self._step = step
        self._news.set()

    def leave(self):
        """The walk is to be resumed; nothing if it is over."""
        self._finish("walk-leave")

    def end(self):
        """The walk is over."""
        self._finish("walk-end")

    def stop(self):
        """Renew it no more."""
        self._over = True
        self._news.set()
        if self._thread.is_alive():
            self._thread.join()

    # how

    def _finish(self, action):
        if not self._over:
            self.stop()
            self._order_all(action)

    def _order_all(self, action):
        for client in self._world.clients:
            with contextlib.suppress(api.Trouble):      # it will notice that nobody renews it
                client.order(self._world.name, action, walk=self._walk)

    def _ask(self, client, give_up):
        """What was left there by another walk is given up only by a person."""
        other = self._world.cluster(client)["walk"]
        if (other and other["state"] == "left" and other["id"] != self._walk
                and give_up(f"{client.name}: {other['text']}.")):
            self._instead[client.name] = other["id"]

    def _tell(self, client, **more):
        """Whether the balancer has answered. Raises JournalError when it refuses."""
        try:
            client.order(self._world.name, "walk", walk=self._walk, walker=self._walker,
                         step=self._step, until=LEASE, instead=self._instead.get(client.name),
                         **more)
            return True
        except api.Trouble as e:
            if e.code == api.REFUSED:
                raise journal.JournalError(str(e)) from e
            if e.code != api.UNREACHABLE:
                raise
            return False

    def _renew(self):
        """The thread. What a balancer answers is no reason to end a walk, other than that somebody
        else walks: httpd itself may be restarted in such a night."""
        while not self._over:
            self._news.wait(RENEW_S)
            self._news.clear()
            for client in self._world.clients:
                try:
                    if not self._over:
                        self._tell(client)
                except api.Trouble:
                    pass
                except journal.JournalError as e:
                    self.lost = str(e)
                    self._over = True
                    self._order_all("walk-leave")
                    self._call_lost()
                    return
