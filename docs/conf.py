"""How Sphinx builds this site: ``make docs``. The theme and the habits are PyKEEN's."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS), str(DOCS / "_ext")]

project = "pykeen-conj-hale"
author = "The pykeen-conj-hale developers"
copyright = f"2026, {author}"
release = version = installed_version(project)

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_click",
    "sphinx_copybutton",
    "myst_nb",
    "cards",
]
exclude_patterns = ["_ext", "measured", "results"]
nitpicky = True

# Pages are Markdown, as they are read in the repository, too: an anchor per heading, as there
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "dollarmath"]
# Notebooks are in the repository with their outputs
nb_execution_mode = "off"

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # a signature has hundreds of characters with them; what matters is in the parameters' texts
add_module_names = False
python_display_short_literal_types = True

# An inventory that cannot be had is replaced by the empty one beside this file: without a network the site is built all
# the same, without links to the others' pages.
_NO_INVENTORY = str(DOCS / "_ext" / "empty.inv")
intersphinx_mapping = {
    name: (address, (None, _NO_INVENTORY))
    for name, address in {
        "python": "https://docs.python.org/3",
        "pykeen": "https://pykeen.readthedocs.io/en/stable",
        "torch": "https://docs.pytorch.org/docs/stable",
        "optuna": "https://optuna.readthedocs.io/en/stable",
        "numpy": "https://numpy.org/doc/stable",
        "pandas": "https://pandas.pydata.org/docs",
    }.items()
}
intersphinx_timeout = 5
# Names of this package must be found. Those of others need their inventories.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!pykeen_conj_hale).*"),
    # bases and helpers that no page is about
    (r"py:.*", r"pykeen_conj_hale\.training\.(budget\..*|choice|late_loss\..*|named_loss\..*)"),
    (r"py:.*", r"pykeen_conj_hale\.text\.(over_base|words|objective|corpus)(\..*)?"),
    (r"py:.*", r"pykeen_conj_hale\.(models\.\w+\.\w+Interaction|datasets\.inductive\._.*)"),
    (r"py:.*", r"pykeen_conj_hale\.(nn\.finite\..*|streaming\.compiled\..*)"),
]

# What `make docs-check` follows where there is a network
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_workers = 8
linkcheck_anchors = False  # pages made by scripts have theirs elsewhere

html_theme = "sphinx_rtd_theme"
html_theme_options = {"navigation_depth": 3, "collapse_navigation": False}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"{project} {release}"
html_show_sourcelink = False
copybutton_prompt_text = r"^\$ |^>>> "
copybutton_prompt_is_regexp = True
