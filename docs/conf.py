"""Settings of the site: ``pip install -e ".[docs]"``, then ``python -m sphinx -W docs build/site``.

Nothing is fetched: the theme, the formulas (MathML) and the pictures are made and kept with the pages. Where there is a
network, ``python -m sphinx -b linkcheck -D nb_execution_mode=off docs build/links`` tries every link that leads out.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), str(HERE / "_ext"), os.environ.get("PYTHONPATH", "")])

import autograd_lite  # noqa: E402 - found by the line above

project = "autograd_lite"
author = "The autograd_lite developers"
copyright = author  # noqa: A001 - Sphinx's name
release = version = autograd_lite.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx.ext.viewcode",
    "mathml",
    "public_names",
    "op_entries",
    "live_example",
    "course_errata",
    "printed_lines",
]
exclude_patterns = ["_ext", "_static"]
suppress_warnings = ["mystnb.unknown_mime_type"]

# Pages: Markdown whose cells are run when the site is built
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "amsmath", "attrs_inline"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
nb_execution_mode = "cache"
nb_execution_timeout = 180
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_number_source_lines = False
nb_code_prompt_show = "Show the answer"
nb_code_prompt_hide = "Hide the answer"

# The reference, from docstrings
default_role = "py:obj"  # a name in single quotes is a link where it is public
autodoc_typehints = "none"  # the docstrings say it in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# Links that lead out, on demand
linkcheck_timeout = 20
linkcheck_retries = 2
linkcheck_workers = 2
linkcheck_report_timeouts_as_broken = False  # a site that is slow today is there

# Appearance
html_theme = "furo"
html_title = "autograd_lite"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5fa5", "color-brand-content": "#0b5fa5"},
    "dark_css_variables": {"color-brand-primary": "#79b8ff", "color-brand-content": "#79b8ff"},
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
