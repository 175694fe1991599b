"""Whether the audit log of a restored server is the one that was written."""

from collections.abc import Sequence

from sync_server.audit.audit import ROOTS, read_roots, verify_log
from sync_server.storage.restore import Staged


async def check_audit(staged: Staged) -> Sequence[str]:
    """What is wrong with the log, entry by entry; nothing for a whole one."""
    try:
        kept = tuple(read_roots(staged.data / ROOTS))
    except ValueError as error:
        return (str(error),)
    async with staged.database.read() as view:
        verdict = await verify_log(view, staged.keys, kept)
    return tuple(f"entry {problem.n} of the audit log: {problem.what}" for problem in verdict.problems)
