"""The options of `trii models`."""

from pathlib import Path

from backend.commands.options import MODES, add_global
from backend.commands.parser import Parser, Subparsers, sentence

NOBODY = "none"
_MODEL = "its id, or how that or its name begins"


def add_models(parser: Parser) -> None:
    """Sub-commands of `trii models`."""
    actions = parser.add_below("ACTION", required=True)
    _action(actions, "list", "list models, what each showed on this machine and what it is used for")
    add = _action(actions, "add", "take a GGUF file in, by copying it; or bring the starter model back")
    add.add_argument("file", metavar="FILE", type=Path, help="a .gguf file; 'starter' for the one that comes with set-up")
    fetch = _action(actions, "download", "fetch a GGUF file and take it in; the same command goes on where it broke off")
    fetch.add_argument("url", metavar="URL", nargs="?", help="as https://host/model.gguf; without one, what can go on is listed")
    fetch.add_argument("--sha256", metavar="HASH", default="", help="what the file must have, as its publisher states")
    fetch.add_argument("--discard", action="store_true", help="delete what came of it instead")
    for name, words in (("remove", "forget a model and delete its file"), ("show", "tell all that is known of a model")):
        _action(actions, name, words).add_argument("model", metavar="MODEL", help=_MODEL)
    use = _action(actions, "use", "choose the model of a mode")
    use.add_argument("mode", choices=MODES, metavar="MODE", help=", ".join(MODES))
    use.add_argument("model", metavar="MODEL", help=f"{_MODEL}; '{NOBODY}' for none")
    test = _action(actions, "test", "try how fast a model is here and whether it does as it is told; takes a minute a mode")
    test.add_argument("model", metavar="MODEL", help=_MODEL)
    test.add_argument("--mode", choices=MODES, action="append", help="for this one; all where none is given")
    adapter = _action(actions, "adapter", "let a LoRA adapter go with a model for one mode, or remove it")
    adapter.add_argument("model", metavar="MODEL", help=_MODEL)
    adapter.add_argument("mode", choices=MODES, metavar="MODE", help=", ".join(MODES))
    adapter.add_argument("file", metavar="FILE", type=Path, help=f"a .gguf file; '{NOBODY}' removes the adapter")
    projector = _action(actions, "projector", "let a model see pictures by its projector, or remove it")
    projector.add_argument("model", metavar="MODEL", help=_MODEL)
    projector.add_argument("file", metavar="FILE", type=Path, help=f"a .gguf file, often named mmproj; '{NOBODY}' removes it")
    key = _action(actions, "key", "keep or forget the key of a service; without a service, tell which have one")
    key.add_argument("service", metavar="SERVICE", nargs="?", help="endpoint, openai or anthropic")
    key.add_argument("--key-file", metavar="FILE", help="read it from there instead of asking; - for standard input")
    key.add_argument("--forget", action="store_true", help="forget it instead")


def _action(actions: Subparsers, name: str, summary: str) -> Parser:
    parser = actions.add_parser(name, help=summary, description=sentence(summary))
    parser.set_defaults(parser=parser)
    add_global(parser)
    return parser
