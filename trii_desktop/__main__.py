"""Where `trii` starts: headless commands go to the backend's command line without Qt; only windows and pictures import it."""

import argparse
import sys
from typing import Any, Final

from backend.cli import run
from backend.storage.ownership import Ownership

RENDER: Final = "--render-chart"  # this program as the child process that draws one chart


class _Windows:
    """The desktop as the command line knows it; each part is imported when it is asked for."""

    def run_window(self, ownership: Ownership, arguments: argparse.Namespace) -> int:
        """Open the window and return the exit code once it is closed."""
        from trii_desktop import app  # noqa: PLC0415 - Qt

        return app.run_window(ownership, getattr(arguments, "instrument", None), is_safe=getattr(arguments, "safe", False))

    def run_tour(self, arguments: argparse.Namespace) -> int:
        """Draw a chart without showing a window, save it and report."""
        from trii_desktop import tour  # noqa: PLC0415 - Qt

        return tour.run_tour(arguments.out, home=arguments.home)

    def make_renderer(self) -> Any:
        """A renderer that draws in a child process, so that this one stays without Qt."""
        from trii_desktop.charts.render_process import ProcessRenderer  # noqa: PLC0415 - arrays

        return ProcessRenderer(RENDER)


def main() -> int:
    """Carry out the command line of this process; the exit code."""
    argv = sys.argv[1:]
    if argv == [RENDER]:
        from trii_desktop.charts import render_process  # noqa: PLC0415 - Qt

        return render_process.main()
    return run(argv, _Windows())


if __name__ == "__main__":
    sys.exit(main())
