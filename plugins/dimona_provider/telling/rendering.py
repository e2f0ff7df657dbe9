"""The texts of notifications, from Jinja2 templates that a team can put its own in place of."""

from __future__ import annotations

from pathlib import Path

import jinja2

from dimona_provider.errors import ConfigurationError
from dimona_provider.telling.summary import MOST, Summary, words

OURS = "dimona"
"""What our own templates are called by one that extends them: ``dimona/summary.html.jinja2``."""

_FOLDER = Path(__file__).parent / "templates"


def render(name: str, summary: Summary, folder: Path | None = None) -> str:
    """
    Return the template *name* filled in: of *folder* if it is there, else ours.

    Templates see ``summary``, ``say`` (words in its language) and ``most``, the length of its longest lists.
    Raises ConfigurationError for a
    folder that is not there, and for a template that can't be filled in.
    """
    if folder is not None and not folder.is_dir():
        raise ConfigurationError(f"there is no folder of templates {str(folder)!r}")
    ours = jinja2.FileSystemLoader(_FOLDER)
    own = [jinja2.FileSystemLoader(folder)] if folder else []
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([*own, ours, jinja2.PrefixLoader({OURS: ours})]),
        # What stands in the ledger came from outside: payroll's ids, the NSSO's codes.
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.jinja2",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        return environment.get_template(name).render(summary=summary, say=words(summary.language), most=MOST)
    except jinja2.TemplateError as error:
        where = f", line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise ConfigurationError(f"the template {name}{where} can't be used: {error.message}") from None
    except (TypeError, ValueError, LookupError, ArithmeticError) as error:  # their texts may hold a value
        raise ConfigurationError(f"the template {name} can't be filled in ({type(error).__name__})") from None
