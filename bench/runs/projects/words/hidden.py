from words.core import counted, initials, shortened, slug, wrapped


def test_slugs_at_the_ends():
    assert slug("  What?  ") == "what"
    assert slug("a_b c2") == "a-b-c2"
    assert slug("!!!") == ""


def test_initials_of_nothing_and_of_much():
    assert initials("") == ""
    assert initials("  anne  marie-louise  ") == "AML"


def test_wrapping_exactly_at_the_width():
    assert wrapped("aa bb", 5) == ["aa bb"]
    assert wrapped("aa bbb", 5) == ["aa", "bbb"]
    assert wrapped("", 5) == []
    assert wrapped("abcdef", 3) == ["abcdef"]
    assert wrapped("a b c d", 3) == ["a b", "c d"]


def test_counting_by_the_alphabet():
    assert counted("b a b a c") == [("a", 2), ("b", 2), ("c", 1)]
    assert counted(" ... x") == [("x", 1)]
    assert counted("A a") == [("a", 2)]


def test_cutting_exactly():
    assert shortened("abc", 3) == "abc"
    assert shortened("abcd", 3) == "ab…"
    assert shortened("abcd", 1) == "…"
    assert shortened("abcd", 0) == ""
    assert shortened("ab cd", 4) == "ab…"
