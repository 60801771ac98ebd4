"""What a person sees of a STATUS: one live table on a terminal, one line a STATUS in a pipe."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from tankbench.setup import Setup, unit_of
from tanklink import messages, records

RELAYS = ("outside 1", "inside 1", "outside 2", "inside 2")
_STATE_STYLES = {"armed": "bold green", "tripped": "bold white on red", "fault": "bold white on red"}


def mean_counts(status: records.Status, channel: str) -> float:
    """Of the samples of a STATUS's period."""
    return float(getattr(status, f"{channel}_sum_counts")) / max(status.n, 1)


def value_text(setup: Setup | None, channel: str, counts: float) -> str:
    """The value with its unit; a dash without a scale."""
    value = setup.value(channel, counts) if setup else None
    return "–" if value is None else f"{value:.2f} {unit_of(channel)}"


def bits(number: int, width: int) -> str:
    """Bit 0 first, as the channels are numbered."""
    return "".join(str(number >> i & 1) for i in range(width))


def heading() -> str:
    """Over the lines of row()."""
    return "uptime/s  state     relays  lines  circuits         " + "  ".join(f"{n:>16}" for n in messages.CHANNELS)


def row(status: records.Status) -> str:
    """One line: means of raw counts."""
    means = "  ".join(f"{mean_counts(status, name):>16.1f}" for name in messages.CHANNELS)
    circuits = ",".join(messages.CIRCUIT_STATES[c] for c in (status.circuit_1, status.circuit_2))
    return (
        f"{status.uptime_s:>4}.{status.uptime_ms_part:03}  {messages.BOARD_STATES[status.state]:<8}  "
        f"{bits(status.relays, 4)}    {bits(status.fault_lines, 2)}     {circuits:<15}  {means}"
    )


def board(status: records.Status, setup: Setup | None, notes: str) -> Group:
    """The whole screen: state, relays, channels."""
    return Group(_head(status), _channels(status, setup), Text(notes, style="dim"))


def _head(status: records.Status) -> Text:
    state = messages.BOARD_STATES[status.state]
    text = Text.assemble(
        f"up {status.uptime_s}.{status.uptime_ms_part // 100} s   board ", (state, _STATE_STYLES.get(state, "bold"))
    )
    if status.trip_id:
        text.append(f"   standing trip {status.trip_id}", "bold red")
    text.append("\nrelays ")
    for place, name in enumerate(RELAYS):
        closed = status.relays >> place & 1
        text.append(f"  {name} ")
        text.append("closed" if closed else "open", "bold yellow" if closed else "dim")
    for number in (1, 2):
        whole = status.fault_lines >> (number - 1) & 1
        circuit = messages.CIRCUIT_STATES[getattr(status, f"circuit_{number}")]
        lease_ms = getattr(status, f"lease_{number}_ms")
        text.append(f"\ncircuit {number}  {circuit:<8} lease {lease_ms:>5} ms   fault line ")
        text.append("whole" if whole else "broken", "green" if whole else "bold red")
    return text


def _channels(status: records.Status, setup: Setup | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("channel")
    for title in ("value", "mean counts", "least", "most", "peak to peak"):
        table.add_column(title, justify="right", min_width=10)
    for name in messages.CHANNELS:
        mean = mean_counts(status, name)
        least, most = getattr(status, f"{name}_min_counts"), getattr(status, f"{name}_max_counts")
        table.add_row(name, value_text(setup, name, mean), f"{mean:.1f}", str(least), str(most), str(most - least))
    return table
