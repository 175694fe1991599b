"""``trii-sync backup``, ``restore`` and ``verify``."""

from sync_server.cli.terms import Command, office


async def verify(command: Command) -> int:
    """Verify the audit log: every entry and every signed root."""
    async with office(command.config) as desk:
        verdict = await desk.audit.verify()
    for problem in verdict.problems:
        command.say(f"Entry {problem.n}: {problem.what}")
    command.say("The audit log is whole." if verdict.is_whole else "The audit log was changed.")
    return 0 if verdict.is_whole else 1
