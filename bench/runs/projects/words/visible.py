from words.core import counted, initials, shortened, slug, wrapped


def test_slug():
    assert slug("Hello World") == "hello-world"


def test_a_slug_has_single_hyphens():
    assert slug("one -- two") == "one-two"


def test_initials():
    assert initials("ada king") == "AK"


def test_a_hyphen_begins_a_part():
    assert initials("Jean-Luc Picard") == "JLP"


def test_lines_are_filled():
    assert wrapped("aa bb cc", 5) == ["aa bb", "cc"]


def test_one_line():
    assert wrapped("aa bb", 20) == ["aa bb"]


def test_a_long_word_has_its_own_line():
    assert wrapped("a abcdefgh b", 4) == ["a", "abcdefgh", "b"]


def test_words_are_counted():
    assert counted("the cat and the dog") == [("the", 2), ("and", 1), ("cat", 1), ("dog", 1)]


def test_marks_are_no_part_of_words():
    assert counted("Yes, yes!") == [("yes", 2)]


def test_a_short_text_stays():
    assert shortened("short", 10) == "short"


def test_a_long_text_is_cut():
    assert shortened("a long text", 7) == "a long…"
