# SPDX-License-Identifier: MIT
"""The host side of the Xen lab: images, the outer machine, scenarios."""


class LabError(Exception):
    """Something the person at the terminal can act on; the text says how."""
