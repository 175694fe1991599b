"""The starter model made one that thinks: signs of a thought in its vocabulary, and a template that begins one."""

from pathlib import Path

TEMPLATE_BYTES = 368
TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<thinking>\n' }}{% endif %}"
)
HEAD_BYTES = 6_000_000


def make_thinking_model(starter: Path, path: Path) -> Path:
    """A copy with words of the same length in the place of others; nothing else of the file moves."""
    raw = starter.read_bytes()
    head = raw[:HEAD_BYTES]
    at = head.index(b"{% for message in messages %}{% if loop.first")
    padding = "{#" + " " * (TEMPLATE_BYTES - len(TEMPLATE) - 4) + "#}"
    head = head[:at] + (padding + TEMPLATE).encode() + head[at + TEMPLATE_BYTES :]
    for old, new in ((b"<reponame>", b"<thinking>"), (b"<repo_name>", b"</thinking>")):
        assert head.count(old) == 1
        head = head.replace(old, new)
    assert len(head) == HEAD_BYTES
    path.write_bytes(head + raw[HEAD_BYTES:])
    return path
