"""How the documentation is built: `make docs`, or `sphinx-build -W docs target/docs`."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_extensions"))

project = "Sessera"
author = "the Sessera maintainers"
copyright = "the Sessera maintainers"  # noqa: A001  # Sphinx's name
try:
    release = metadata.version("sessera")
except metadata.PackageNotFoundError:
    release = "development"
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "project",
    "docstrings",
    "included",
    "signatures",
    "tables",
]
exclude_patterns = ["_*", ".*", "protocol/*"]
myst_enable_extensions = ["colon_fence", "fieldlist"]
myst_heading_anchors = 3
# Every link must lead somewhere; MyST checks those within the site.
nitpicky = False
# Flask, ASGI and Django have a CurrentSession each: a signature that names it leads to one of them.
suppress_warnings = ["ref.python"]

# Quotes of a value are its own.
smartquotes = False
add_module_names = False
autodoc_default_options = {"members": True, "undoc-members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
maximum_signature_line_length = 88

html_theme = "furo"
html_title = "Sessera"
html_static_path = ["_static"]
html_css_files = ["sessera.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#35605a", "color-brand-content": "#2a6f66"},
    "dark_css_variables": {"color-brand-primary": "#8fc7bb", "color-brand-content": "#8fc7bb"},
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
