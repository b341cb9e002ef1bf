"""Pure functions on tensors: the mathematics of the package, free of PyKEEN and of state.

- :mod:`~pykeen_conj_hale.functional.conjugate`: products of complex vectors with conjugate-shared relations
- :mod:`~pykeen_conj_hale.functional.hardness`: hardness-aware activations and their derivatives
- :mod:`~pykeen_conj_hale.functional.similarity`: broadcasting similarities, 1-to-N as one matrix product
- :mod:`~pykeen_conj_hale.functional.logsumexp`: log-sum-exp over all entities, streamed
"""
