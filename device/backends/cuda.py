"""The few calls of the CUDA runtime that running an engine needs, through ctypes.

JetPack brings the library and no Python binding of it. Prototypes: CUDA Runtime API reference,
sections Device Management, Memory Management and Stream Management.
"""

from __future__ import annotations

import ctypes
from ctypes.util import find_library
from typing import TYPE_CHECKING, Any

from device.backends import NotHere

if TYPE_CHECKING:
    from device.backends.model import Array

MAJOR, MINOR = 75, 76
"""cudaDevAttrComputeCapabilityMajor and Minor."""
TO_DEVICE, TO_HOST = 1, 2
"""cudaMemcpyKind."""
PROPERTIES = 1 << 16
"""Bytes, far more than any version of cudaDeviceProp, which begins with the name in 256."""
LIBRARIES = ("libcudart.so", "libcudart.so.13", "libcudart.so.12", "libcudart.so.11.0")


class Cuda:
    """Device 0, with a stream of its own."""

    def __init__(self) -> None:
        self._library = _library()
        stream = ctypes.c_void_p()
        self._call("cudaStreamCreate", ctypes.byref(stream))
        self.stream = int(stream.value or 0)

    def gpu(self) -> str:
        """Return name and compute capability, e.g. `Orin (8.7)`."""
        raw = ctypes.create_string_buffer(PROPERTIES)
        newer = hasattr(self._library, "cudaGetDeviceProperties_v2")
        name = "cudaGetDeviceProperties_v2" if newer else "cudaGetDeviceProperties"
        self._call(name, raw, ctypes.c_int(0))
        values = [self._number("cudaDeviceGetAttribute", kind, 0) for kind in (MAJOR, MINOR)]
        return f"{raw.value.decode('utf-8', 'replace')} ({values[0]}.{values[1]})"

    def versions(self) -> str:
        """Return the versions of driver and runtime, as CUDA counts them: 12020 is 12.2."""
        driver = self._number("cudaDriverGetVersion")
        return f"driver {driver}, runtime {self._number('cudaRuntimeGetVersion')}"

    def allocate(self, size: int) -> int:
        """Return the address of `size` bytes on the device."""
        address = ctypes.c_void_p()
        self._call("cudaMalloc", ctypes.byref(address), ctypes.c_size_t(size))
        return int(address.value or 0)

    def send(self, array: Array, address: int) -> None:
        """Copy a contiguous array to the device, in the order of the stream."""
        self._copy(address, array.ctypes.data, array.nbytes, TO_DEVICE)

    def fetch(self, array: Array, address: int) -> None:
        """Copy from the device into a contiguous array, in the order of the stream."""
        self._copy(array.ctypes.data, address, array.nbytes, TO_HOST)

    def wait(self) -> None:
        """Return when all that the stream was given is done."""
        self._call("cudaStreamSynchronize", ctypes.c_void_p(self.stream))

    def _copy(self, to: int, source: int, size: int, kind: int) -> None:
        self._call(
            "cudaMemcpyAsync", ctypes.c_void_p(to), ctypes.c_void_p(source),
            ctypes.c_size_t(size), ctypes.c_int(kind), ctypes.c_void_p(self.stream),
        )  # fmt: skip

    def _number(self, name: str, *words: int) -> int:
        value = ctypes.c_int()
        self._call(name, ctypes.byref(value), *(ctypes.c_int(word) for word in words))
        return value.value

    def _call(self, name: str, *words: Any) -> None:
        status = getattr(self._library, name)(*words)
        if status != 0:
            raise RuntimeError(f"CUDA: {name} failed with error {status}")


def _library() -> Any:
    for name in (*LIBRARIES, find_library("cudart")):
        try:
            if name:
                return ctypes.CDLL(name)
        except OSError:
            continue
    raise NotHere("CUDA's runtime (libcudart.so) is not on this machine")
