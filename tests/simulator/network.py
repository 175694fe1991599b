"""A network in memory: delay, drop, duplicate, reorder, cut connections, partitions of both or of one direction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tests.simulator.world import World

ABNORMAL = 1006  # what a WebSocket says of a connection that ended without a word


@dataclass(frozen=True, slots=True)
class Weather:
    """How the network treats one frame. Probabilities a frame; delays in ms.

    A frame that is not reordered never overtakes another of its direction. ``drop_up`` and ``drop_down`` lose a frame silently
    though the connection stays, as a full queue between two processes does.
    """

    delay_ms: tuple[int, int] = (1, 20)
    drop_up: float = 0.0
    drop_down: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    cut: float = 0.0
    far_ms: int = 400  # how far a reordered or doubled frame may lag behind


class End(Protocol):
    """What holds one end of a connection."""

    def heard(self, wire: "Wire", data: bytes) -> None:
        """A frame came."""

    def hung_up(self, wire: "Wire", code: int, why: str) -> None:
        """The connection is over."""


@dataclass(slots=True, eq=False)
class Wire:
    """One connection: the device's end and the server's. ``codec`` the subprotocol asked for."""

    near: End
    far: End
    route: tuple[str, str]
    codec: str
    is_open: bool = True
    due_ms: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    is_stalled: dict[bool, bool] = field(default_factory=lambda: {True: False, False: False})


class Network:
    """Every connection there is, and what befalls their frames."""

    def __init__(self, world: World, weather: Weather) -> None:
        self._world = world
        self.weather = weather
        self._blocked: set[tuple[str, str]] = set()  # (from, to)
        self._wires: list[Wire] = []

    def connect(self, wire: Wire, *, up: Callable[[], None], down: Callable[[], None]) -> None:
        """Try a connection: ``up`` once both ends have it, ``down`` when it could not be made."""
        delay_ms = 2 * self._world.random.randint(*self.weather.delay_ms)
        device, server = wire.route

        def decide() -> None:
            if {(device, server), (server, device)} & self._blocked:
                self._world.later(2_000, down)
                return
            self._wires.append(wire)
            up()

        self._world.later(delay_ms, decide)

    def send(self, wire: Wire, data: bytes, *, is_up: bool) -> None:
        """Put one frame on its way: from the device to the server (``is_up``) or back."""
        if not wire.is_open:
            return
        weather, world = self.weather, self._world
        if world.chance(weather.cut):
            self.cut(wire)
            return
        if world.chance(weather.drop_up if is_up else weather.drop_down):
            world.note("network", f"drops a frame {'up' if is_up else 'down'} of {wire.route}")
            return
        due_ms = world.now_ms + world.random.randint(*weather.delay_ms)
        if world.chance(weather.reorder):
            due_ms += world.random.randint(0, weather.far_ms)
        else:
            due_ms = wire.due_ms[is_up] = max(wire.due_ms[is_up] + 1, due_ms)
        self._deliver_at(due_ms, wire, data, is_up=is_up)
        if world.chance(weather.duplicate):
            self._deliver_at(due_ms + world.random.randint(0, weather.far_ms), wire, data, is_up=is_up)

    def _deliver_at(self, due_ms: int, wire: Wire, data: bytes, *, is_up: bool) -> None:
        def deliver() -> None:
            way = wire.route if is_up else (wire.route[1], wire.route[0])
            # A stream has no holes: where one frame could not pass, none after it does, and only silence tells.
            wire.is_stalled[is_up] |= way in self._blocked
            if wire.is_open and not wire.is_stalled[is_up]:
                (wire.far if is_up else wire.near).heard(wire, data)

        self._world.later(due_ms - self._world.now_ms, deliver)

    def hang_up(self, wire: Wire, code: int, why: str, *, by_device: bool) -> None:
        """One end closes; the other hears of it after what was sent before, if the network lets it."""
        if not wire.is_open:
            return
        due_ms = max(wire.due_ms[by_device], self._world.now_ms) + 1

        def tell() -> None:
            if wire.is_open and not wire.is_stalled[by_device]:
                self._drop(wire)
                (wire.far if by_device else wire.near).hung_up(wire, code, why)

        self._world.later(due_ms - self._world.now_ms, tell)

    def cut(self, wire: Wire) -> None:
        """The connection breaks: both ends hear of it, at different times."""
        if not wire.is_open:
            return
        self._drop(wire)
        for end in (wire.near, wire.far):
            self._world.later(self._world.random.randint(0, 50), lambda end=end: end.hung_up(wire, ABNORMAL, "cut"))

    def cut_all(self, name: str = "") -> None:
        """Every connection (of this device or server) breaks."""
        for wire in [wire for wire in self._wires if not name or name in wire.route]:
            self.cut(wire)

    def block(self, one: str, other: str, *, one_way: bool = False) -> None:
        """From now on nothing reaches ``other`` from ``one``, nor the other way round unless ``one_way``."""
        self._blocked.add((one, other))
        if not one_way:
            self._blocked.add((other, one))

    def unblock(self, one: str, other: str) -> None:
        """The ways between these two are open again."""
        self._blocked -= {(one, other), (other, one)}

    def heal(self) -> None:
        """Every way is open again."""
        self._blocked.clear()

    def _drop(self, wire: Wire) -> None:
        wire.is_open = False
        if wire in self._wires:
            self._wires.remove(wire)
