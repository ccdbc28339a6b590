# SPDX-License-Identifier: Apache-2.0
"""cfclusterctl upgrade: a plan (plan.py) is walked (walker.py) along a table of steps (steps.py),
with what was done on disk (journal.py). command.py is what the command line calls."""
