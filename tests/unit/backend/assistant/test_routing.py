"""Policy first, then ability: what leaves this computer is what the person allows, and the reason is told."""

from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.answers import Mode, Reach
from backend.assistant.models.model import ModelCard
from backend.assistant.routing import Candidate, decide, difficulty

LOCAL = Candidate("local", "Small", is_fit=True, n_ctx=4_096)
UNFIT = Candidate("local", "Small", n_ctx=4_096)
OWN = Candidate("endpoint", "llama", is_remote=True, is_fit=True)
CLOUD = Candidate("openai", "gpt", is_remote=True, is_private=False, is_fit=True)
HARD = "Explain why, compare both plans step by step and say what strategy follows"


def names(route):
    return [one.name for one in route.candidates]


def test_a_fit_local_model_goes_before_everybody():
    route = decide(Mode.FAST, "Hello", Reach.PREFER_LOCAL, (CLOUD, OWN, LOCAL))
    assert names(route) == ["local", "endpoint", "openai"]
    assert "here" in route.reason


def test_a_hard_question_goes_to_a_service_only_where_the_cloud_is_allowed():
    assert names(decide(Mode.DEEP, HARD, Reach.ALLOW_CLOUD, (LOCAL, CLOUD)))[0] == "openai"
    assert names(decide(Mode.DEEP, HARD, Reach.PREFER_LOCAL, (LOCAL, CLOUD)))[0] == "local"


def test_an_unfit_local_model_says_nothing_unless_the_person_lets_it_and_then_only_where_nobody_fit_may():
    assert names(decide(Mode.FAST, "Hello", Reach.PREFER_LOCAL, (UNFIT, CLOUD))) == ["openai"]
    route = decide(Mode.FAST, "Hello", Reach.LOCAL_ONLY, (UNFIT, CLOUD))
    assert route.first is None
    assert "Small has not passed its examination" in route.reason
    assert names(decide(Mode.FAST, "Hello", Reach.PREFER_LOCAL, (UNFIT, CLOUD), takes_unfit=True)) == ["openai", "local"]
    route = decide(Mode.FAST, "Hello", Reach.LOCAL_ONLY, (UNFIT, CLOUD), takes_unfit=True)
    assert names(route) == ["local"]
    assert "not passed" in route.reason


def test_an_own_endpoint_on_this_network_counts_as_local():
    assert names(decide(Mode.FAST, "Hello", Reach.LOCAL_ONLY, (OWN, CLOUD))) == ["endpoint"]


def test_nobody_is_told_with_the_reason():
    cases = [
        ((), "no model yet"),
        ((CLOUD,), "this computer only"),
        ((Candidate("openai", "gpt", is_remote=True, is_private=False, is_affordable=False),), "budget"),
        ((Candidate("openai", "gpt", is_remote=True, is_private=False, is_down=True),), "does not answer"),
    ]
    for candidates, words in cases:
        reach = Reach.LOCAL_ONLY if words == "this computer only" else Reach.ALLOW_CLOUD
        route = decide(Mode.FAST, "Hello", reach, candidates)
        assert route.first is None
        assert words in route.reason
    assert decide(Mode.FAST, "Hello", Reach.ALLOW_CLOUD, (LOCAL,), n_tokens=5_000).first is None


def test_a_question_longer_than_a_model_reads_goes_to_one_that_reads_it():
    small = Candidate("local", "Small", is_fit=True, n_ctx=2_048)
    assert names(decide(Mode.FAST, "Hello", Reach.ALLOW_CLOUD, (small, CLOUD)))[0] == "local"
    assert names(decide(Mode.FAST, "Hello " * 3_000, Reach.ALLOW_CLOUD, (small, CLOUD))) == ["openai"]
    assert "a question this long" in decide(Mode.FAST, "Hello " * 3_000, Reach.LOCAL_ONLY, (small,)).reason


candidates = st.builds(
    Candidate,
    st.sampled_from(["a", "b", "c"]),
    st.just("m"),
    is_remote=st.booleans(),
    is_private=st.booleans(),
    is_fit=st.booleans(),
    is_loadable=st.booleans(),
    is_down=st.booleans(),
    is_affordable=st.booleans(),
)


@given(
    st.lists(candidates, max_size=6),
    st.sampled_from(list(Reach)),
    st.sampled_from(list(Mode)),
    st.text(max_size=400),
    st.booleans(),
)
def test_nothing_leaves_this_computer_unless_it_is_allowed_and_nobody_who_can_is_forgotten(them, reach, mode, text, takes_unfit):
    route = decide(mode, text, reach, them, takes_unfit=takes_unfit)
    for one in route.candidates:
        assert not (reach == Reach.LOCAL_ONLY and one.is_remote and not one.is_private)
        assert one.is_loadable
        assert one.is_affordable
        assert not one.is_down
        assert one.is_fit or takes_unfit
    able = [one for one in them if one.is_loadable and one.is_affordable and not one.is_down and (one.is_fit or takes_unfit)]
    assert len(route.candidates) == sum(not one.is_remote or one.is_private or reach != Reach.LOCAL_ONLY for one in able)
    assert route.reason


def test_questions_for_reasons_and_plans_are_harder_than_short_ones():
    assert difficulty("What is the last close?") < 0.3
    assert difficulty(HARD) > 0.6


def test_a_stand_in_is_told_by_what_the_mode_is_held_to_and_by_its_standing():
    card = ModelCard("s" * 16, "Tiny", "/s", "s" * 64, 1_000)
    slow, tiny = Candidate("local", "Small", slow_ms=4_000.0), Candidate("local", "Tiny", card=card)
    route = decide(Mode.ANALYSIS, "Analyse it", Reach.LOCAL_ONLY, (slow, tiny), takes_unfit=True)
    assert [one.model for one in route.candidates] == ["Tiny", "Small"]
    assert route.reason == route.stand_in
    assert route.reason.endswith("4.0 s or more to its end; answered by Tiny, which has not passed its examination.")


def test_a_service_that_goes_first_is_not_told_as_a_stand_in():
    slow = Candidate("local", "Small", is_fit=True, slow_ms=4_000.0)
    tiny = Candidate("local", "Tiny", is_fit=True, card=ModelCard("s" * 16, "Tiny", "/s", "s" * 64, 1_000))
    route = decide(Mode.DEEP, HARD, Reach.ALLOW_CLOUD, (slow, tiny, CLOUD))
    assert names(route) == ["openai", "local", "local"]
    assert route.stand_in == ""
    assert "service" in route.reason
