"""Log-sum-exp over all entities as a stream of chunks: the function, its kernel, and what the kernel applies to scores.

- :mod:`~pykeen_conj_hale.streaming.logsumexp`: the function, and what it accepts
- :mod:`~pykeen_conj_hale.streaming.kernel`: the autograd function
- :mod:`~pykeen_conj_hale.streaming.stream`: the factors of its matrix products
- :mod:`~pykeen_conj_hale.streaming.maps`: what a block of products goes through, where a similarity is more than that
- :mod:`~pykeen_conj_hale.streaming.passes`: the passes over a block
- :mod:`~pykeen_conj_hale.streaming.compiled`: the same passes, compiled
- :mod:`~pykeen_conj_hale.streaming.activations`: hardness-aware activations by name;
  :mod:`~pykeen_conj_hale.streaming.activation_base`: what they have in common
- :mod:`~pykeen_conj_hale.streaming.links`: increasing maps of the squared distance
"""
