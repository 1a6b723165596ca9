from samples.errors import meant


def test_a_close_name_is_suggested_whatever_its_case():
    assert meant("pas_at_k", ["runs", "pass_at_k"]) == ' (did you mean "pass_at_k"?)'
    assert meant("BASE-7B", ["rl-32b", "Base-7b"]) == ' (did you mean "Base-7b"?)'


def test_several_close_names_are_suggested_the_closest_first():
    assert meant("base-7", ["base-7b", "base-72b", "rl"]) == ' (did you mean "base-7b" or "base-72b"?)'


def test_a_name_that_is_close_to_nothing_gets_no_suggestion():
    assert meant("qwen", ["base", "rl"]) == ""
    assert meant("qwen", []) == ""


def test_a_name_that_was_cut_short_is_completed():
    assert meant("base", ["rl-7b", "base-qwen-7b-long"]) == ' (did you mean "base-qwen-7b-long"?)'
    assert meant("", ["rl-7b"]) == ""


def test_what_is_compared_of_names_may_be_chosen():
    assert meant("--threshld", ["--help", "--threshold"], lambda name: name.strip("-")) == (
        ' (did you mean "--threshold"?)'
    )
