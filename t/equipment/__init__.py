# SPDX-License-Identifier: Apache-2.0
"""Real servers for tests and for the demonstration: Tomcats, an httpd, and clients of both."""
