"""Settings of the assistant: where answers may be made, what they may cost, and how the model shares the machine."""

from typing import Annotated, Literal

from msgspec import Meta

from backend.settings_fields import Section


class Assistant(Section, frozen=True):
    """Models run on this computer unless you allow another place; nothing is sent anywhere before that."""

    reach: Annotated[
        Literal["local_only", "prefer_local", "allow_cloud"],
        Meta(
            title="Where answers are made",
            description="Preferring local asks a service only where no model here will do; every answer says where it was made.",
            extra={
                "labels": {"local_only": "Only on this computer", "prefer_local": "Here, if it will do", "allow_cloud": "Anywhere"}
            },
        ),
    ] = "local_only"
    isolation: Annotated[
        Literal["thread", "process"],
        Meta(
            title="Run models in",
            description="A process of its own survives a model's crash; after one it is used in any case.",
            extra={"labels": {"thread": "This program", "process": "A process of its own"}},
        ),
    ] = "thread"
    device: Annotated[
        Literal["auto", "processor"],
        Meta(
            title="Compute on",
            description="A graphics card takes as many layers as its free memory holds.",
            extra={"labels": {"auto": "The graphics card, where there is one", "processor": "The processor"}},
        ),
    ] = "auto"
    takes_unfit: Annotated[
        bool,
        Meta(
            title="Let a model talk that has not passed its examination",
            description="Else code alone words such answers: numbers are checked in any case, but what is said about them is not.",
        ),
    ] = False
    takes_smaller: Annotated[
        bool,
        Meta(
            title="Take a smaller model where the chosen one is too slow",
            description="After several slow answers; each answer says so, and the chosen model is tried again after a while.",
        ),
    ] = True
    unload_after_min: Annotated[
        int, Meta(title="Unload an idle model after", description="0 keeps it loaded.", ge=0, le=1440, extra={"unit": "min"})
    ] = 20
    frees_market_hours: Annotated[
        bool,
        Meta(title="Leave market hours free", description="Large models are unloaded before the market on the chart opens."),
    ] = True
    keeps_answers_min: Annotated[
        int,
        Meta(
            title="Repeat an answer for",
            description="The same question on the same facts is answered from what was kept; 0 always asks again.",
            ge=0,
            le=10080,
            extra={"unit": "min"},
        ),
    ] = 60
    style: Annotated[
        Literal["scalp", "day", "swing", "position", "invest"],
        Meta(
            title="Trading style",
            description="An input of every analysis.",
            extra={
                "labels": {
                    "scalp": "Scalping",
                    "day": "Day trading",
                    "swing": "Swing trading",
                    "position": "Position trading",
                    "invest": "Investing",
                }
            },
        ),
    ] = "swing"
    risk: Annotated[
        Literal["low", "medium", "high"],
        Meta(
            title="Risk you accept",
            description="An input of every analysis.",
            extra={"labels": {"low": "Low", "medium": "Medium", "high": "High"}},
        ),
    ] = "medium"
    endpoint: Annotated[
        str,
        Meta(
            title="Own endpoint",
            description="Address of an OpenAI-compatible server, as http://127.0.0.1:11434/v1; empty for none.",
            max_length=300,
        ),
    ] = ""
    endpoint_model: Annotated[
        str, Meta(title="Model there", description="The name by which the endpoint knows it.", max_length=120)
    ] = ""
    openai_model: Annotated[
        str, Meta(title="OpenAI model", description="Used only where the cloud is allowed and a key is kept.", max_length=120)
    ] = "gpt-5"
    anthropic_model: Annotated[
        str, Meta(title="Anthropic model", description="Used only where the cloud is allowed and a key is kept.", max_length=120)
    ] = "claude-sonnet-4-5-20250929"
    budget_usd: Annotated[
        float,
        Meta(
            title="Spend at most",
            description="Per calendar month, on services; they are not asked once it is used up.",
            ge=0.0,
            le=10_000.0,
            extra={"unit": "US$", "step": 1.0},
        ),
    ] = 5.0
