# SPDX-License-Identifier: Apache-2.0
"""mod_cfcluster measured beside its peers; started by bench/run."""
