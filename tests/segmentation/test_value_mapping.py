"""The value mapping table: what it holds, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.errors import BadMapping
from segmentation.value_mapping import ValueMapping, parse
from tests.segmentation.runs import laws

HEAD = "version,column,value,number\n"
words = st.text("abc ,\"'é", min_size=1).filter(lambda word: word == word.strip())
tables = st.dictionaries(st.tuples(words, words), st.floats(allow_nan=False, allow_infinity=False), min_size=1)

REFUSED = [
    ("", "m.csv, line 1: expected the header version,column,value,number, found ''"),
    ("column,value,number\n", "found 'column,value,number'"),
    (HEAD, "expected lines of one version, found no line"),
    (HEAD + "1,a,x,1\n2,a,y,2\n", "found 1 from line 2 on, 2 from line 3 on"),
    (HEAD + "1,a,x,1\n1,a,x,2\n", "m.csv, line 3: a = 'x' is listed twice"),
    (HEAD + "1,a,x,many\n", "m.csv, line 2, column number: expected a finite number, found 'many'"),
    (HEAD + "1,a,x,nan\n", "expected a finite number, found 'nan'"),
    (HEAD + "1,a,,2\n", "m.csv, line 2: expected 4 filled cells"),
    (HEAD + "1,a,x\n", "expected 4 filled cells"),
]


@given(tables)
@laws(50)
def test_what_was_written_is_read(numbers: dict[tuple[str, str], float]) -> None:
    quoted = [[cell.replace('"', '""') for cell in key] for key in numbers]
    lines = [f'7,"{a}","{b}",{number!r}\n' for (a, b), number in zip(quoted, numbers.values(), strict=True)]
    assert parse(HEAD + "".join(lines), "m.csv") == ValueMapping("7", numbers)


def test_a_column_has_its_own_values() -> None:
    mapping = parse(HEAD + "1,a,x,1\n1,b,x,2\n1,a,y,3\n", "m.csv")
    assert mapping.of("a") == {"x": 1.0, "y": 3.0}
    assert mapping.of("c") == {}


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_it_is_refused_with_these_words(text: str, sentence: str) -> None:
    with pytest.raises(BadMapping) as caught:
        parse(text, "m.csv")
    assert sentence in str(caught.value)
