"""Pure functions on tensors: the mathematics of the package, free of PyKEEN and of state.

- :mod:`~pykeen_conj_hale.functional.attention`: attention between two images of a head
- :mod:`~pykeen_conj_hale.functional.conjugate`: products of complex vectors with conjugate-shared relations
- :mod:`~pykeen_conj_hale.functional.convolution`: vectors correlated with filters of their own
- :mod:`~pykeen_conj_hale.functional.flexible_addition`: what RotL keeps of the Möbius addition
- :mod:`~pykeen_conj_hale.functional.glove`: GloVe's weights and residuals
- :mod:`~pykeen_conj_hale.functional.hyperbolic`: maps of the Poincaré ball
- :mod:`~pykeen_conj_hale.functional.hyperbolic_distance`: hyperbolic distances from inner products and norms
- :mod:`~pykeen_conj_hale.functional.modulus`: moduli of complex numbers whose gradients are finite everywhere
- :mod:`~pykeen_conj_hale.functional.moebius`: Möbius maps of complex vectors
- :mod:`~pykeen_conj_hale.functional.rotation`: Givens rotations and numbers of modulus 1
- :mod:`~pykeen_conj_hale.functional.similarity`: broadcasting similarities, 1-to-N as one matrix product
"""
