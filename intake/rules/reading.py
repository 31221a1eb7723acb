"""How fast a page can be read."""

from typing import Final

# Adults read 238 words a minute silently on average, and hardly anybody of 190 studies reads more than 400 with
# understanding (Brysbaert 2019, doi:10.1016/j.jml.2019.104047). The limit above that is our judgement: it lets a
# practised reader pass, and notes who can't have read.
WORDS_PER_MINUTE: Final = 500


def seconds_to_read(texts: list[str]) -> float:
    """The seconds that nobody who reads the texts stays under."""
    return 60 * sum(len(text.split()) for text in texts) / WORDS_PER_MINUTE
