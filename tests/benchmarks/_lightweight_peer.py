"""The chart benchmark's other peer: lightweight-charts draws the same bars in headless Chromium, software raster.

A page on loopback holds the chart; DevTools' trace says how many milliseconds of CPU the page's main thread and the
threads that raster its layers took for each frame. Chromium and npm must be installed; the library is fetched once into
build/peers.
"""

import contextlib
import functools
import http.server
import json
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import websockets.sync.client

from tests.benchmarks._peers import PEERS

VERSION: Final = "5.2.1"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
RASTER_THREADS: Final = ("Compositor", "ThreadPoolForegroundWorker", "CompositorTileWorker", "VizCompositorThread", "CrGpuMain")
TASKS: Final = ("RunTask", "ThreadControllerImpl::RunTask", "ThreadPool_RunTask")
START_S_MAX: Final = 60.0
LOAD_S_MAX: Final = 240.0
DEADLINE_S: Final = 300.0
COLOURS: Final = ("#f0b94b", "#4c8dff", "#c678dd", "#56b6c2", "#e06c75", "#98c379", "#d19a66", "#61afef", "#abb2bf")

PAGE: Final = """<!doctype html><meta charset="utf-8"><style>body{margin:0;background:#13171c}</style>
<div id="chart"></div><script src="library.js"></script><script>
const settings = SETTINGS;
let chart, candles, volume, last;
async function load() {
  const raw = new Float64Array(await (await fetch('bars.bin')).arrayBuffer());
  const n = settings.n_bars, column = i => raw.subarray(i * n, (i + 1) * n);
  const [time, open, high, low, close, quantity] = [0, 1, 2, 3, 4, 5].map(column);
  chart = LightweightCharts.createChart(document.getElementById('chart'), {
    width: settings.width, height: settings.height, autoSize: false,
    layout: {background: {color: '#13171c'}, textColor: '#a7b1bd', attributionLogo: false},
    grid: {vertLines: {color: '#1d232b'}, horzLines: {color: '#1d232b'}},
    timeScale: {minBarSpacing: 0.0005, enableConflation: true, timeVisible: true},
    crosshair: {mode: 0},
  });
  candles = chart.addSeries(LightweightCharts.CandlestickSeries, {upColor: '#26a69a', downColor: '#ef5350',
    wickUpColor: '#26a69a', wickDownColor: '#ef5350', borderVisible: false});
  const bars = new Array(n), volumes = new Array(n);
  for (let i = 0; i < n; i++) {
    bars[i] = {time: time[i], open: open[i], high: high[i], low: low[i], close: close[i]};
    volumes[i] = {time: time[i], value: quantity[i], color: close[i] >= open[i] ? '#1a4644' : '#602c30'};
  }
  candles.setData(bars);
  volume = chart.addSeries(LightweightCharts.HistogramSeries, {priceScaleId: '', priceFormat: {type: 'volume'}});
  volume.priceScale().applyOptions({scaleMargins: {top: 0.82, bottom: 0}});
  volume.setData(volumes);
  settings.panes.forEach((pane, k) => {
    const values = column(6 + k), points = [];
    for (let i = 0; i < n; i++) if (values[i] === values[i]) points.push({time: time[i], value: values[i]});
    chart.addSeries(LightweightCharts.LineSeries, {color: settings.colours[k], lineWidth: 1,
      priceLineVisible: false, lastValueVisible: true}, pane).setData(points);
  });
  last = bars[n - 1];
  await frame();
  return n;
}
function frame() { return new Promise(done => requestAnimationFrame(done)); }
async function show(visible) {
  chart.timeScale().setVisibleLogicalRange({from: settings.n_bars - visible - visible / 8, to: settings.n_bars - visible / 8});
  chart.setCrosshairPosition(last.close, last.time, candles);
  await frame(); await frame();
  const canvas = chart.takeScreenshot(), data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
    if ((Math.abs(r - 0x26) < 12 && Math.abs(g - 0xa6) < 12 && Math.abs(b - 0x9a) < 12) ||
        (Math.abs(r - 0xef) < 12 && Math.abs(g - 0x53) < 12 && Math.abs(b - 0x50) < 12)) count++;
  }
  const range = chart.timeScale().getVisibleLogicalRange();
  return {pixels: count, visible: range.to - range.from};
}
async function pan(n) {
  const scale = chart.timeScale();
  for (let i = 0; i < n; i++) {
    const range = scale.getVisibleLogicalRange(), by = (range.to - range.from) / 220 * (i % 20 < 10 ? 1 : -1);
    scale.setVisibleLogicalRange({from: range.from - by, to: range.to - by});
    await frame();
  }
  return n;
}
async function update(n) {
  for (let i = 0; i < n; i++) {
    const close = last.close + 0.01 * (i % 7);
    candles.update({...last, close, high: Math.max(last.high, close), low: Math.min(last.low, close)});
    await frame();
  }
  return n;
}
</script>"""


def measure(columns: np.ndarray, panes: list[int], size: tuple[int, int], n_frames: int, visible: tuple[int, ...]) -> Any:
    """CPU milliseconds a frame by work and number of visible bars; or None and why not.

    columns : float64[6 + n_lines, n_bars]   time in seconds, open, high, low, close, volume, then one row a line
    panes : the pane of each line
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        return None, "Chromium is not installed"
    library = fetch_library()
    if library is None:
        return None, "lightweight-charts could not be fetched with npm"
    settings = {
        "width": size[0],
        "height": size[1],
        "n_bars": columns.shape[1],
        "panes": panes,
        "colours": [COLOURS[k % len(COLOURS)] for k in range(len(panes))],
    }
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "page.html").write_text(PAGE.replace("SETTINGS", json.dumps(settings)))
        (root / "library.js").write_bytes(library.read_bytes())
        np.ascontiguousarray(columns, np.float64).tofile(root / "bars.bin")
        with served(root) as address, Browser(browser, root / "profile") as page:
            page.open(f"{address}/page.html")
            page.run("load()", LOAD_S_MAX)
            return frames_of(page, n_frames, visible), ""


def frames_of(page: "Browser", n_frames: int, visible: tuple[int, ...]) -> dict[str, dict[int, dict[str, float]]]:
    """Pan at every zoom, and the forming bar at the first."""
    result: dict[str, dict[int, dict[str, float]]] = {"pan": {}, "update": {}, "shown": {}}
    for span in visible:
        result["shown"][span] = page.run(f"show({span})")
        page.run("pan(10)")
        result["pan"][span] = page.traced(f"pan({n_frames})", n_frames)
        result["update"][span] = page.traced(f"update({n_frames})", n_frames)
    return result


def fetch_library() -> Path | None:
    """The library's one file, fetched by npm on first use."""
    folder = PEERS / "lightweight-charts"
    library = folder / "library.js"
    if library.exists():
        return library
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", "--silent", f"lightweight-charts@{VERSION}"]
    if subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False).returncode:
        return None
    with tarfile.open(folder / f"lightweight-charts-{VERSION}.tgz") as archive:
        member = archive.extractfile("package/dist/lightweight-charts.standalone.production.js")
        assert member is not None, "The package has another layout."
        library.write_bytes(member.read())
    return library


@contextlib.contextmanager
def served(root: Path) -> Iterator[str]:
    """Serve a folder on loopback."""
    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Browser:
    """A headless Chromium with one page, spoken to over its DevTools socket."""

    def __init__(self, program: str, profile: Path) -> None:
        self._program = program
        self._profile = profile
        self._n_sent = 0

    def __enter__(self) -> Self:
        switches = (
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
            "--window-size=1700,1000", "--force-device-scale-factor=1", "--remote-debugging-port=0",
            "--js-flags=--max-old-space-size=8192",
        )  # fmt: skip
        self._process = subprocess.Popen(
            [self._program, *switches, f"--user-data-dir={self._profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = self._profile / "DevToolsActivePort"
        until = time.monotonic() + START_S_MAX
        while not (port_file.exists() and port_file.read_text().count("\n")):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("Chromium did not start.")
            time.sleep(0.05)
        port, path = port_file.read_text().split("\n")[:2]
        self._socket = websockets.sync.client.connect(f"ws://127.0.0.1:{port}{path}", max_size=None)
        target = self._ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        self._ask("Page.enable", {}, self._session)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(30)

    def open(self, address: str) -> None:
        """Load a page."""
        self._ask("Page.navigate", {"url": address}, self._session)
        self._wait_for("Page.loadEventFired")

    def run(self, expression: str, timeout_s: float = DEADLINE_S) -> Any:
        """What the page's expression comes to."""
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self._ask("Runtime.evaluate", asked, self._session, timeout_s)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def traced(self, expression: str, n_frames: int) -> dict[str, float]:
        """CPU milliseconds a frame of the main thread, and of it with the raster threads, while the page runs this."""
        categories = ["toplevel", "disabled-by-default-devtools.timeline"]
        self._ask("Tracing.start", {"traceConfig": {"includedCategories": categories}, "transferMode": "ReportEvents"})
        self.run(expression)
        self._events: list[dict[str, Any]] = []
        self._ask("Tracing.end", {})
        self._wait_for("Tracing.tracingComplete")
        names = {
            (event["pid"], event["tid"]): event["args"]["name"] for event in self._events if event.get("name") == "thread_name"
        }
        main_pid = page_process(self._events, names)
        spent: dict[str, float] = defaultdict(float)
        for event in outermost(self._events):
            name = names.get((event["pid"], event["tid"]), "")
            if name != "CrRendererMain" or event["pid"] == main_pid:
                spent[name] += event.get("tdur", 0) / 1e3
        raster = sum(ms for name, ms in spent.items() if name.startswith(RASTER_THREADS))
        return {"main": spent["CrRendererMain"] / n_frames, "cpu": (spent["CrRendererMain"] + raster) / n_frames}

    def _ask(self, method: str, values: dict[str, Any], session: str = "", timeout_s: float = DEADLINE_S) -> Any:
        self._n_sent += 1
        message = {"id": self._n_sent, "method": method, "params": values} | ({"sessionId": session} if session else {})
        self._socket.send(json.dumps(message))
        while True:
            got = self._receive(timeout_s)
            if got.get("id") == self._n_sent:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']}")
                return got["result"]

    def _wait_for(self, event: str, timeout_s: float = DEADLINE_S) -> None:
        while self._receive(timeout_s).get("method") != event:
            pass

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        got: dict[str, Any] = json.loads(self._socket.recv(timeout_s))
        if got.get("method") == "Tracing.dataCollected":
            self._events.extend(got["params"]["value"])
        return got


def outermost(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Tasks that no other task of their thread contains, so that nothing counts twice."""
    ends: dict[tuple[int, int], float] = defaultdict(float)
    tasks = [event for event in events if event.get("ph") == "X" and event["name"] in TASKS]
    for event in sorted(tasks, key=lambda event: (event["ts"], -event.get("dur", 0))):
        thread = (event["pid"], event["tid"])
        if event["ts"] >= ends[thread]:
            ends[thread] = event["ts"] + event.get("dur", 0)
            yield event


def page_process(events: list[dict[str, Any]], names: dict[tuple[int, int], str]) -> int:
    """The renderer that worked most: the page's own."""
    spent: dict[int, float] = defaultdict(float)
    for event in events:
        if event.get("ph") == "X" and names.get((event["pid"], event["tid"])) == "CrRendererMain":
            spent[event["pid"]] += event.get("tdur", 0)
    return max(spent, key=lambda pid: spent[pid], default=0)
