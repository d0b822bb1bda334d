"""How the site is built: by ``nox -s docs``, or ``python -m sphinx -W docs build/site`` with fastloss[docs]."""

from __future__ import annotations

import ast
import html
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tools"))

import loss_pages
from docutils import nodes
from latex2mathml.converter import convert
from matplotlib.figure import Figure
from sphinx import addnodes
from sphinx_gallery.scrapers import figure_rst

import fastloss

project, author, copyright = "fastloss", "the authors of fastloss", "the authors of fastloss"
release = version = fastloss.__version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "sphinx_design",
    "sphinx_copybutton",
]
exclude_patterns = ["gallery", "examples", "auto_gallery/*.ipynb", "auto_gallery/*.py", "auto_gallery/*.codeobj.json"]
html_theme = "pydata_sphinx_theme"
html_title = "fastloss"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["fastloss.css"]
html_show_sourcelink = False
smartquotes = False  # what stands in quotes is code as often as not
html_theme_options = {
    "show_toc_level": 2,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
html_sidebars = {"index": []}
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4
numpydoc_show_class_members = False
autosummary_generate = False
add_module_names = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def figures(block: object, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Show the figures that a program names: those of fastloss belong to no window of pyplot."""
    found = []
    for name, figure in block_vars["example_globals"].items():
        if isinstance(figure, Figure) and not hasattr(figure, "number"):
            path = next(block_vars["image_path_iterator"])
            figure.savefig(path, dpi=100)
            found.append((path, name))
    return figure_rst([path for path, _ in found], gallery_conf["src_dir"], ", ".join(name for _, name in found))


def with_libraries() -> str:
    """Return a pattern of the programs of the gallery whose libraries are here; the others are shown, and not run."""
    found = list[str]()
    for path in sorted((HERE / "gallery").glob("plot_*.py")):
        imports = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Import)]
        names = {name.name.partition(".")[0] for node in imports for name in node.names}
        if missing := sorted(name for name in names if find_spec(name) is None):
            print(f"{path.name} is not run: there is no {', '.join(missing)}")
        else:
            found.append(path.stem)
    return "|".join(found)


# Pages that stand where GitHub shows them, too, link to files of the repository.
suppress_warnings = ["myst.xref_missing", "config.cache"]
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "filename_pattern": os.environ.get("FASTLOSS_GALLERY") or with_libraries(),
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "image_scrapers": ("matplotlib", figures),
    "default_thumb_file": str(HERE / "losses" / "pictures" / "thumb.png"),
    "abort_on_example_error": True,
    "plot_gallery": True,
    "min_reported_time": 0,
}


def mathml(display: str) -> Any:
    """Return what writes a formula as MathML, which browsers draw without a script, with its TeX inside, to copy."""

    def write(translator: Any, node: Any) -> None:
        tex = node.astext()
        start, inside = convert(tex, display=display).replace(r"\_", "_").removesuffix("</math>").split(">", 1)
        note = f'<annotation encoding="application/x-tex">{html.escape(tex)}</annotation>'
        formula = f"{start}><semantics>{inside}{note}</semantics></math>"
        translator.body.append(f'<div class="formula">{formula}</div>' if display == "block" else formula)
        raise nodes.SkipNode

    return write


def linked(app: Any, doctree: Any, docname: str) -> None:
    """Make a link of each name of a loss that a page writes as code: ``huber``, or ``fl.huber``."""
    names = {row.name for row in fastloss.losses()}
    of_others = set[nodes.Node]()  # the first column of what other libraries call a loss, by the same name sometimes
    if docname.startswith("coming-from/"):
        of_others = {cell for line in doctree.findall(nodes.row) for cell in line[0].findall(nodes.literal)}
    row = fastloss.catalogue.CATALOGUE.get(docname.removeprefix("losses/"))
    parameters = {parameter.name for parameter in row.parameters} if row else set[str]()  # gamma is a loss, too
    for literal in list(doctree.findall(nodes.literal)):
        name = literal.astext().removeprefix("fl.")
        if literal in of_others or literal.astext() in parameters:
            continue
        if name in names and docname != f"losses/{name}" and not isinstance(literal.parent, nodes.reference):
            place = app.builder.get_relative_uri(docname, f"losses/{name}")
            link = nodes.reference("", "", refuri=place, internal=True)
            literal.replace_self(link)
            link += literal


def trimmed(app: Any, doctree: Any) -> None:
    """Leave out the empty line that ends a doctest in Markdown, and link to the pages of the gallery, not its files."""
    for block in doctree.findall(nodes.literal_block):
        if block.rawsource == block.astext():  # else it has markup of its own
            block.rawsource = block.rawsource.rstrip()
            block[:] = [nodes.Text(block.rawsource)]
    for link in list(doctree.findall(addnodes.download_reference)):
        name = link["reftarget"].partition("gallery/")[2].removesuffix(".py")
        if name.startswith("plot_"):
            options = {"refdomain": "std", "reftype": "doc", "reftarget": f"/auto_gallery/{name}", "refexplicit": True}
            page = addnodes.pending_xref("", *link.children, refdoc=app.env.docname, refwarn=True, **options)
            link.replace_self(page)


def setup(app: Any) -> None:
    """Write the pages of the losses before Sphinx looks for pages."""
    app.connect("doctree-read", trimmed)
    app.connect("doctree-resolved", linked)
    app.add_html_math_renderer("mathml", (mathml("inline"), None), (mathml("block"), None))
    loss_pages.write(HERE / "losses")
