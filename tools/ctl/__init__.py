# SPDX-License-Identifier: Apache-2.0
"""cfclusterctl's modules. Python's standard library alone."""
