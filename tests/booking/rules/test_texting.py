import pytest

from booking.rules.texting import is_french, keyword_of


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("STOP", "stop"),
        (" stop. ", "stop"),
        ("Arrêt", "stop"),
        ("ARRET!", "stop"),
        ("Start", "start"),
        ("help?", "help"),
        ("AIDE", "help"),
        ("Cancel", ""),
        ("Please stop by at 9", ""),
        ("", ""),
        ("٣", ""),
    ],
)
def test_one_word_says_it(text: str, keyword: str) -> None:
    assert keyword_of(text) == keyword


def test_a_french_word_is_answered_in_french() -> None:
    assert (is_french("Arrêt"), is_french("STOP")) == (True, False)
