"""The choice of four parts, or of a melody, among the parts of a file."""

from __future__ import annotations

import pytest

from chorale.errors import DataError
from chorale.formats.parts.choice import choose_line, choose_parts
from chorale.formats.parts.info import PartInfo
from chorale.music.voices import ALTO, SOPRANO

MEANS = {"S": 71.0, "A": 66.0, "T": 60.0, "B": 52.0}


def part(name: str = "", mean: float = 60.0, **fields: object) -> PartInfo:
    values = {"lowest": int(mean) - 5, "highest": int(mean) + 5} | fields
    return PartInfo(name=name, mean=mean, **values)


def parts(*names: str) -> list[PartInfo]:
    """Return parts of falling height."""
    return [part(name, 72.0 - 5 * index) for index, name in enumerate(names)]


# === Four parts ===


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("Bass", "Tenor", "Alto", "Soprano"), (3, 2, 1, 0)),
        (("Sopran", "Alt", "Tenor", "Baß"), (0, 1, 2, 3)),
        (("Canto", "Contralto", "Tenore", "Basso"), (0, 1, 2, 3)),
        (("Soprano 1", "2. Alto", "Tenor", "Bass"), (0, 1, 2, 3)),
    ],
)
def test_parts_by_name(names: tuple[str, ...], chosen: tuple[int, ...]) -> None:
    assert choose_parts(parts(*names)) == (chosen, ())


@pytest.mark.parametrize(
    "extra",
    "Basso continuo,Bassoon,Bass clarinet,Double bass,Bass drum,Alto sax,Altblockflöte"
    ",Tenor horn,Piano,Organ,Soprano solo,Soprano 2".split(","),
)
def test_what_is_left_out_is_said(extra: str) -> None:
    choice = choose_parts(parts(extra, "Soprano", "Alto", "Tenor", "Bass"))
    assert choice.parts == (1, 2, 3, 4)
    assert choice.remarks == (f'left out: part 1 "{extra}"',)


def test_abbreviations_count_where_a_name_says_nothing() -> None:
    order = "TSBA"
    found = [
        PartInfo(name="Voice", abbreviation=f"{letter}.", mean=60.0) for letter in order
    ]
    assert choose_parts(found).parts == (1, 3, 0, 2)


def test_two_of_a_voice_are_refused_with_a_list() -> None:
    names = ("Soprano 1", "Soprano 2", "Alto", "Tenor", "Bass")
    with pytest.raises(DataError) as caught:
        choose_parts(parts(*names))
    for number, name in enumerate(names, 1):
        assert f'{number} "{name}"' in str(caught.value)
    assert "--parts 1,2,3,4" in str(caught.value)


def test_a_part_without_notes_is_no_second_soprano() -> None:
    found = [part("Soprano", has_notes=False), *parts(*"SATB")]
    assert choose_parts(found).parts == (1, 2, 3, 4)


def test_a_silent_voice_is_still_a_voice() -> None:
    found = [*parts("Soprano", "Alto", "Tenor"), part("Bass", has_notes=False)]
    assert choose_parts(found).parts == (0, 1, 2, 3)


def test_women_and_men_of_one_voice_each_with_piano_are_no_four_voices() -> None:
    with pytest.raises(DataError, match='1 "Women", 2 "Men", 3 "Piano", 4 "Piano"'):
        choose_parts(parts("Women", "Men", "Piano", "Piano"))


def test_women_and_men_of_two_voices_each() -> None:
    found = [
        part("Piano", 66, most_at_once=4),
        part("Men", 52, most_at_once=2),
        part("Women", 70, most_at_once=2),
    ]
    assert choose_parts(found) == ((2, 1), ('left out: part 1 "Piano"',))


def test_continuo_is_the_bass_only_if_it_is_said() -> None:
    choice = choose_parts(parts("Soprano", "Alto", "Tenor", "Basso continuo"))
    assert choice.parts == (0, 1, 2, 3)
    assert 'bass = part 4 "Basso continuo"' in choice.remarks[0]
    names = ("Soprano", "Alto", "Tenor", "Bariton", "Basso continuo")
    choice = choose_parts(parts(*names))
    assert choice.parts == (0, 1, 2, 3)
    assert 'bass = part 4 "Bariton"' in choice.remarks[0]


def test_doubled_voices_of_a_cantata() -> None:
    names = ("Soprano Oboe 1", "Alto Oboe 2", "Tenor Viola", "Bass Continuo")
    choice = choose_parts(parts("Timpani", *names))
    assert choice.parts == (1, 2, 3, 4)
    assert len(choice.remarks) == 2


# === Without names ===


def test_four_parts_by_height() -> None:
    means = (52.0, 60.0, 66.0, 71.0)
    choice = choose_parts([part("", mean) for mean in means])
    assert choice.parts == (3, 2, 1, 0)
    assert choice.remarks == (
        "voices are by their height: soprano = part 4 (no name), alto = part 3 "
        "(no name), tenor = part 2 (no name), bass = part 1 (no name)",
    )
    assert choose_parts([part("", mean) for mean in means[::-1]]) == ((0, 1, 2, 3), ())


def test_clefs_in_order_keep_voices_that_cross() -> None:
    rows = [("G2", 66.0), ("G2", 67.0), ("G2-8", 55.0), ("F4", 50.0)]
    found = [part("", mean, clef=clef) for clef, mean in rows]
    assert choose_parts(found).parts == (0, 1, 2, 3)


def test_instruments_and_other_voices_are_said() -> None:
    brass = choose_parts(parts("Trumpet 1", "Trumpet 2", "Trombone", "Tuba"))
    assert brass.parts == (0, 1, 2, 3)
    assert 'tenor = part 3 "Trombone"' in brass.remarks[0]
    men = choose_parts(parts("Tenor 1", "Tenor 2", "Bass 1", "Bass 2"))
    assert 'soprano = part 1 "Tenor 1"' in men.remarks[0]


def test_four_single_voices_above_a_piano_without_names() -> None:
    choir = [part("", mean) for mean in MEANS.values()]
    piano = [part("", 70, most_at_once=3), part("", 45, most_at_once=2)]
    choice = choose_parts([*choir, *piano])
    assert choice.parts == (0, 1, 2, 3)
    assert choice.remarks == ("left out: part 5 (no name), 6 (no name)",)


def test_two_staves_and_one() -> None:
    staves = [part("", 68, most_at_once=2), part("", 53, most_at_once=3)]
    assert choose_parts(staves) == ((0, 1), ())
    assert choose_parts(staves[::-1]).parts == (1, 0)
    assert choose_parts([part("Organ", most_at_once=4)]) == ((0,), ())


@pytest.mark.parametrize(
    "found",
    [
        parts("", ""),
        parts("", "", ""),
        parts("", "", "", "", ""),
        parts("Soprano", "Alto", "Bass", "Piano"),
        [part("Voice", 70), part("Piano", most_at_once=4), part("Piano", 40)],
    ],
)
def test_what_is_not_clear_is_refused(found: list[PartInfo]) -> None:
    with pytest.raises(DataError, match="--parts 1,2"):
        choose_parts(found)


def test_no_notes() -> None:
    with pytest.raises(DataError, match="got no notes"):
        choose_parts([])
    with pytest.raises(DataError, match="got no notes"):
        choose_line([part(has_notes=False)], SOPRANO)


# === What the user wants ===


def test_the_user_chooses() -> None:
    found = parts("Women", "Men", "Piano", "Piano")
    assert choose_parts(found, (4, 3, 2, 1)) == ((3, 2, 1, 0), ())
    assert choose_parts(found, (3, 2)) == ((2, 1), ())
    assert choose_line(found, SOPRANO, (2,)) == ((1,), ())


@pytest.mark.parametrize("wanted", [(5,), (0,), (1, 1), (1, 2, 3), (-1, 2, 3, 4)])
def test_numbers_that_do_not_exist(wanted: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match='the parts are 1 "S", 2 "A", 3 "T", 4 "B"'):
        choose_parts(parts(*"SATB"), wanted)


def test_a_chosen_part_has_to_have_notes() -> None:
    with pytest.raises(DataError, match='got none in part 1 "Choir"'):
        choose_line([part("Choir", has_notes=False), part()], SOPRANO, (1,))


# === A melody ===


def test_the_only_part_is_the_melody() -> None:
    assert choose_line([part(has_notes=False), part("Piano")], SOPRANO) == ((1,), ())


def test_a_voice_out_of_four() -> None:
    assert choose_line(parts(*"SATB"), ALTO) == ((0, 1, 2, 3), ())


@pytest.mark.parametrize(
    "found",
    [
        [part("Piano", 65, most_at_once=3), part("Voice", 70)],
        [part("", 50, most_at_once=4), part("", 74)],
        [part("Piano", 60), part("Soprano", 70), part("Alto", 66)],
    ],
)
def test_a_melody_with_accompaniment(found: list[PartInfo]) -> None:
    choice = choose_line(found, SOPRANO)
    assert choice.parts == (1,)
    assert choice.remarks[0].startswith("the melody is part 2")
    assert "left out: part 1" in choice.remarks[0]


def test_two_melodies_are_refused() -> None:
    with pytest.raises(DataError, match="choose one, as with --parts 1"):
        choose_line(parts("", ""), SOPRANO)


def test_two_melodies_name_the_way_out() -> None:
    parts = [
        PartInfo(mean=mean, lowest=60, highest=80, has_notes=True, most_at_once=1)
        for mean in (72.0, 65.0)
    ]
    with pytest.raises(DataError, match=r"chorale harmonize, with --parts 1$"):
        choose_parts(parts)
