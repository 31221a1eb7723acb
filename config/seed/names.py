"""Invented people. Phone numbers come from the range that is kept free for stories."""

from random import Random

GIVEN = (
    "Mara Jonas Li Pat Amina Owen Chloé Ravi Sofia Noah Aisha Marc Ines Kofi Hana Émile Priya Tomas Leila Ben Yuki "
    "Sean Fatou Anton Zoe Malik Greta Diego Nora Hugo Tara Sami Lucie Omar Eva Jack Mina Paul Rosa Felix"
).split()
FAMILY = (
    "Okafor Tremblay Chen Singh Lindqvist Haddad MacLeod Nguyen Roy Petrov Achebe Gagnon Kowalski Tanaka Bouchard "
    "Dubois Rahman Olsen Cardinal Whitford Fraser Moreau Ito Silva Bergeron Campbell Yusuf Novak Kaur Larsen "
    "Auger Beaulieu"
).split()
THERAPISTS = (("Ada Lind", "ada"), ("Sam Okoye", "sam"), ("Mei Tremblay", "mei"))


def person(rng: Random) -> tuple[str, str]:
    """A given and a family name."""
    return rng.choice(GIVEN), rng.choice(FAMILY)


def story_phone(rng: Random) -> str:
    """A number in the range 555-0100 to 555-0199."""
    return f"+1780555{rng.randint(100, 199):04d}"
