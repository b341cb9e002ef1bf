"""Relation representations that several models declare."""

from __future__ import annotations

from typing import Final

from .declaration import Relation
from .initializers import random_rotations_, unit_softplus_

__all__ = ["CURVATURE", "DIRECTIONS"]

#: Directions of pairs, by which a transform rotates or reflects; it normalises them. An initializer must not give pairs
#: (0, 0), which stay the identity. Length 1 leaves nothing to regularize.
DIRECTIONS: Final = Relation(random_rotations_, is_factor=False)
#: The parameter of the curvature of a hyperbolic model, under the name ``curvature``
CURVATURE: Final = Relation(unit_softplus_, shape="", is_factor=False)
