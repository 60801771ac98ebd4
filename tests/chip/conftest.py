"""The image that is to be tested, and stands with it. Under the command line's --chip only (see tests/conftest.py)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .lab.errors import SetupError
from .lab.fetch import lab_folder
from .lab.images import Image, load_uf2
from .lab.stand import Stand


@pytest.fixture(scope="session")
def uf2(request: pytest.FixtureRequest) -> Path:
    """The image. The whole run ends here, with the reason, if it or the emulator cannot be had."""
    given = request.config.getoption("--chip")
    if given is None:
        pytest.exit("tests/chip: ./tools/test --chip UF2", returncode=2)
    path = Path(given)
    try:
        load_uf2(path)
        lab_folder()
    except (OSError, SetupError) as error:
        pytest.exit(f"tests/chip: {error}", returncode=2)
    return path


@pytest.fixture(scope="module")
def stand(uf2: Path) -> Iterator[Stand]:
    """A board that was armed once; each test leaves it such that `heating` can bring it back."""
    with Stand(Image(uf2)) as made:
        yield made.arm()


@pytest.fixture
def heating(stand: Stand) -> Stand:
    """The same with both circuits closed."""
    return stand.recover(1, 2)
