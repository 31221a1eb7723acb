"""What is known about dry needling, as figures with their sources. Every number on the page to read comes from here."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

Words = str | Promise


class Source(StrEnum):
    """The sources of the page, in the order of its list; the value is the id of the list entry."""

    BRADY14 = "brady-2014"
    BOYCE20 = "boyce-2020"
    GATTIE20 = "gattie-2020"
    TRYB24 = "trybulski-2024"
    SYNC90 = "syncope-1990"
    BN121 = "board-notice-121"
    PTX_CASES = "collapsed-lung-cases"
    EPIDURAL = "spinal-bleed-cases"
    JOINTINF = "joint-infection-cases"
    XU13 = "xu-2013"
    DELPHI18 = "delphi-2018"
    BTXSR20 = "blood-thinner-review-2020"
    KSA_DN = "saudi-guideline"
    PTAB_FAQ = "physiotherapy-alberta"

    @property
    def number(self) -> int:
        return list(Source).index(self) + 1

    @property
    def citation(self) -> str:
        return CITATIONS[self][0]

    @property
    def note(self) -> Words:
        return CITATIONS[self][1]

    @property
    def url(self) -> str:
        return CITATIONS[self][2]


CITATIONS: dict[Source, tuple[str, Words, str]] = {
    Source.BRADY14: (
        "Brady S, McEvoy J, Dommerholt J, Doody C. J Man Manip Ther 2014;22(3):134-140.",
        _("39 physiotherapists in Ireland wrote down 7,629 treatments."),
        "",
    ),
    Source.BOYCE20: (
        "Boyce D and others. Int J Sports Phys Ther 2020;15(1):103-113.",
        _("420 physical therapists in the United States, about 20,464 treatments."),
        "",
    ),
    Source.GATTIE20: (
        "Gattie E, Cleland JA, Snodgrass S. Musculoskelet Sci Pract 2020;50:102255.",
        _("A survey of therapists in the United States."),
        "",
    ),
    Source.TRYB24: (
        "Trybulski R and others. J Clin Med 2024;13(23):7032.",
        _("102 physiotherapists in Poland told what they remembered."),
        "",
    ),
    Source.SYNC90: (
        "Clinical study of syncope during acupuncture treatment. Acupunct Electrother Res 1990;15:107-119.",
        _("28,285 acupuncture treatments. All who fainted were sitting or standing."),
        "",
    ),
    Source.BN121: (
        "Allied Health Professions Council of South Africa, Board Notice 121: Safety Guidelines, Dry Needling.",
        _("A regulator's safety rules. Its figure on the lung is about acupuncture."),
        "https://source.acts.co.za/allied-health-professions-act-1982/bn121_3__contra-indications_to.php",
    ),
    Source.PTX_CASES: (
        "West J Emerg Med; Ir Med J 2022; Cureus 2021; J Am Osteopath Assoc 2019;119:59-62.",
        _("Reports of single people with a collapsed lung after needling."),
        "https://westjem.com/case-report/traumatic-pneumothorax-following-acupuncture-a-case-series.html",
    ),
    Source.EPIDURAL: (
        "Spine 2011;36:E891-3; PM&R 2018; Signa Vitae 2024.",
        _("Reports of single people with bleeding near the spine after needling."),
        "",
    ),
    Source.JOINTINF: (
        "Formosan J Musculoskelet Disord 2013; Joint Bone Spine 2008.",
        _("Reports of single people with a joint infection after acupuncture."),
        "",
    ),
    Source.XU13: (
        "Xu S and others. Evid Based Complement Alternat Med 2013:581203.",
        _("A review of reports on harm after acupuncture."),
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC3616356/",
    ),
    Source.DELPHI18: (
        "Canadian Delphi consensus. Arch Phys Med Rehabil 2018;99:2183-2189.",
        _("39 physicians on injections for people who take blood thinners."),
        "",
    ),
    Source.BTXSR20: (
        "Botulinum toxin injection and EMG in patients receiving anticoagulants: systematic review, 2020.",
        _("Advises to keep taking the blood thinner."),
        "",
    ),
    Source.KSA_DN: (
        "Dry Needling Guidelines, Saudi Arabia.",
        _("Short-term gain, weak proof for the long term."),
        "",
    ),
    Source.PTAB_FAQ: (
        "Physiotherapy Alberta (now the College of Physiotherapists of Alberta). FAQ: Dry Needling Adverse Events.",
        _("What therapists in Alberta must tell you before needling."),
        "",
    ),
}


@dataclass(frozen=True, slots=True)
class Share:
    """How often something was seen: `low` to `high` of 100 treatments (equal where there is one figure)."""

    event: Words
    low: float
    high: float
    sources: tuple[Source, ...]
    note: Words = ""

    @property
    def words(self) -> str:
        """The share as people say it: "about 8 in 100", "5 to 16 in 100", rarer ones "about 1 in 400"."""
        low, high = round(self.low), round(self.high)
        if self.high < 0.5:
            return gettext("about 1 in %(many)s") % {"many": f"{_tidy(100 / self.high)}"}
        if low == high or low < 1:
            return ngettext("about %(n)s in 100", "about %(n)s in 100", high) % {"n": high}
        return gettext("%(low)s to %(high)s in 100") % {"low": low, "high": high}


def _tidy(number: float) -> int:
    """A round number for speech: 384.6 becomes 400, 909 becomes 900, 1,024 becomes 1,000."""
    return int(round(number, 1 - len(str(int(number)))))


SMALL_HARMS = (
    Share(_("Any small harm"), 19.18, 36.7, (Source.BRADY14, Source.BOYCE20)),
    Share(_("A drop of blood"), 4.65, 16, (Source.BRADY14, Source.BOYCE20)),
    Share(_("A bruise"), 7.55, 7.7, (Source.BRADY14, Source.BOYCE20)),
    Share(_("Pain while the needle is in"), 3.01, 5.9, (Source.BRADY14, Source.BOYCE20)),
    Share(_("Feeling worse for a while"), 0.88, 0.88, (Source.BRADY14,)),
    Share(_("Fainting, or nearly, at a first visit"), 0.95, 0.95, (Source.SYNC90,), _("from acupuncture")),
    Share(_("Fainting, or nearly, at later visits"), 0.11, 0.11, (Source.SYNC90,), _("from acupuncture")),
    Share(_("Feeling drowsy"), 0.26, 0.26, (Source.BRADY14,)),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers that stand in sentences. Counts are of treatments unless the name says otherwise."""

    brady_treatments: int = 7_629
    brady_therapists: int = 39
    brady_serious: int = 0
    boyce_treatments: int = 20_464
    boyce_therapists: int = 420
    boyce_serious: int = 20
    lung_acupuncture_one_in: int = 100_000
    polish_therapists: int = 102
    polish_lung_percent: int = 3
    clinic_sessions: tuple[int, int] = (2, 4)  # the clinic's own experience
    survey_sessions: tuple[int, int] = (3, 6)  # GATTIE20
    survey_percent: int = 82  # of the therapists who needle, GATTIE20
    soreness_hours: tuple[int, int] = (24, 48)
    soreness_longest_hours: int = 72
    bleeding_minutes: int = 15

    @property
    def boyce_one_in(self) -> int:
        return _tidy(self.boyce_treatments / self.boyce_serious)


COUNTS = Counts()
