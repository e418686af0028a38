"""Texts in one piece behave as the list of them; what isn't texts is refused."""

import numpy as np
import pytest

from zkpay.ledger.texts import Texts

WORDS = ["", "a", "ä", "", "日本", "z" * 300, "😀x", ""]


def bytes_of(text: bytes) -> np.ndarray:
    return np.frombuffer(text, dtype=np.uint8)


@pytest.mark.parametrize("words", [[], [""], ["a"], ["", ""], WORDS, ["plain", "ascii", "only"]])
def test_like_a_list(words: list[str]) -> None:
    texts = Texts.of(words)
    assert len(texts) == len(words)
    assert list(texts) == words
    assert texts == words
    assert words == texts
    assert texts == Texts.of(list(words))
    assert texts != [*words, "more"]
    assert texts[1:4] == words[1:4]
    assert texts[::-1] == words[::-1]
    assert [texts[-1 - index] for index in range(len(words))] == words[::-1]
    assert Texts.of(texts) is texts
    for index in (len(words), -len(words) - 1):
        with pytest.raises(IndexError):
            texts[index]


def test_other_texts_differ() -> None:
    assert Texts.of(["ab", "c"]) != Texts.of(["a", "bc"])
    assert Texts.of(["ab"]) != Texts.of(["ac"])
    assert Texts.of(["a"]) != "a"
    assert "ä" in Texts.of(WORDS)
    assert "b" not in Texts.of(WORDS)


@pytest.mark.parametrize(
    ("text", "ends", "why"),
    [
        (b"abc", [2], "lengths"),
        (b"abc", [], "lengths"),
        (b"abc", [2, 1, 3], "lengths"),
        (b"abc", [-1, 3], "lengths"),
        (b"abc", [4], "lengths"),
        (b"", [1], "lengths"),
        ("ä".encode(), [1, 2], "within a character"),
        (b"\xff", [1], "utf-8"),
        (b"\xed\xa0\x80", [3], "utf-8"),
    ],
)
def test_what_is_no_texts_is_refused(text: bytes, ends: list[int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Texts(bytes_of(text), np.array(ends, dtype=np.int64))


def test_other_types_are_refused() -> None:
    with pytest.raises(ValueError, match="offsets"):
        Texts(np.zeros(2, dtype=np.int8), np.array([2]))
    with pytest.raises(ValueError, match="offsets"):
        Texts(bytes_of(b"ab"), np.array([2], dtype=np.int32))
    with pytest.raises(ValueError, match="surrogates"):
        Texts.of(["\ud800"])
