# SPDX-License-Identifier: Apache-2.0
"""Fixture: new_site makes a Site over one scripted node, started."""

import pytest

from equipment.site import Site


@pytest.fixture
def new_site(new_cluster, scripted):
    def make(*texts, **more):
        node = scripted("node1")
        return Site(new_cluster(members=[node], outside="\n".join(texts), **more), node)

    return make
