"""The graphics driver, if there is one: OpenGL 4.3 without a window, through EGL.

`python -m generate.render.gl_driver` prints its name.
"""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import Any

SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software")
"""What drivers that draw on the CPU call themselves."""


@cache
def context() -> Any:
    """The one context of this process. Raises ValueError with one line where none can be had."""
    try:
        import moderngl
    except ImportError:
        why = "moderngl is missing: pip install 'collodi[gl]'"
        raise ValueError(f"--view gl: {why}, or take --view numba") from None
    try:
        made: Any = moderngl.create_context
        found = made(standalone=True, backend="egl", require=430)
        found.gc_mode = "auto"
    except Exception as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"--view gl: no driver with OpenGL 4.3 ({why}); take --view numba"
        ) from None
    return found


@cache
def probe() -> str:
    """Name of the driver, found out in a process of its own, since broken drivers may abort.

    Raises ValueError with one line where there is none.
    """
    command = [sys.executable, "-m", "generate.render.gl_driver"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if said.returncode:
        lines = said.stderr.strip().splitlines() or [f"the driver ended with {said.returncode}"]
        line = lines[-1].removeprefix("ValueError: ")
        raise ValueError(line if line.startswith("--view") else f"--view gl: {line}")
    return said.stdout.strip()


def is_real(driver: str) -> bool:
    """Whether a driver of this name draws on a GPU."""
    return not any(name in driver.lower() for name in SOFTWARE)


if __name__ == "__main__":
    print(context().info["GL_RENDERER"])
