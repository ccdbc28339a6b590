# SPDX-License-Identifier: Apache-2.0
"""A pretended site, and walks over it within the test's own process."""

import sys

import pytest

from equipment import places
from equipment.pretended import Pretended

sys.path.insert(0, str(places.TOP / "tools"))


@pytest.fixture
def site(tmp_path, request):
    """parametrize("site", [names of its nodes], indirect=True) for others than two."""
    made = Pretended(tmp_path, *([request.param] if hasattr(request, "param") else []))
    yield made
    made.close()


@pytest.fixture
def new_walk(site):
    """new_walk(procedure, answers): a Walk of the site that begins or takes up."""
    from equipment.walk import Walk

    site.plan(site.directory / "plan.ini")
    return lambda *args, **more: Walk(site, *args, **more)
