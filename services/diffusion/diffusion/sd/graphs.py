"""CUDA graphs: a model's thousand launches become one, which matters where launching takes longer than computing.

A graph holds the addresses of what it reads and writes, so each serves one shape. Drawn pictures have sides that are
multiples of a bucket, and of those a few come again and again; other shapes run as they would without graphs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

GRAPHS: Final = 6
"""Shapes a model: at 768² each holds some 60 MB of ControlNets' residuals as inputs. The one used longest ago goes."""
WARM_UPS: Final = 2
"""Runs before a capture, in which libraries choose kernels and take their workspaces."""

Forward = Callable[..., Any]


class Capture(Protocol):
    """How a run of a function becomes something that can be replayed."""

    def __call__(self, run: Callable[[], Any]) -> tuple[Callable[[], None], Any]:
        """Gives what repeats the run, on the same tensors, and the outputs that every repetition overwrites."""
        ...


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A captured run."""

    inputs: list[Tensor]
    """Read by every replay."""

    replay: Callable[[], None]
    outputs: Any


class GraphedForward:
    """A module's forward pass: captured when a shape is first seen, replayed afterwards."""

    def __init__(self, forward: Forward, capture: Capture, *, bucket: int) -> None:
        """`bucket`: sides of the first argument, in latents, are multiples of it where a graph is worth having."""
        self._forward = forward
        self._capture = capture
        self._bucket = bucket
        self._graphs: dict[object, Graph] = {}

    def __call__(self, sample: Tensor, *others: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the module takes
        """What the module gives, in tensors that no later call overwrites."""
        if any(side % self._bucket for side in sample.shape[-2:]):
            return self._forward(sample, *others, **named)
        leaves, structure = pytree.tree_flatten(((sample, *others), named))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        key = (
            structure,
            *((tuple(leaf.shape), leaf.dtype) if isinstance(leaf, Tensor) else leaf for leaf in leaves),
        )
        graph = self._graphs.pop(key, None) or self._captured(leaves, structure)
        self._graphs[key] = graph
        if len(self._graphs) > GRAPHS:
            del self._graphs[next(iter(self._graphs))]
        for held, given in zip(graph.inputs, tensors, strict=True):
            held.copy_(given)
        graph.replay()
        return pytree.tree_map_only(Tensor, torch.clone, graph.outputs)

    def _captured(self, leaves: list[Any], structure: pytree.TreeSpec) -> Graph:
        held = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        positional, named = pytree.tree_unflatten(held, structure)
        replay, outputs = self._capture(lambda: self._forward(*positional, **named))
        return Graph(inputs=[leaf for leaf in held if isinstance(leaf, Tensor)], replay=replay, outputs=outputs)


class CudaCapture:
    """Captures on one device; graphs of all modules share their memory, since one runs at a time and gives copies."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._pool: Any = torch.cuda.graph_pool_handle()

    def __call__(self, run: Callable[[], Any]) -> tuple[Callable[[], None], Any]:
        """See Capture. Other threads may use the device meanwhile."""
        with torch.cuda.device(self._device):
            aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # its constructor lacks annotations
            current = torch.cuda.current_stream()
            aside.wait_stream(current)
            with torch.cuda.stream(aside):
                for _ in range(WARM_UPS):
                    run()
            current.wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
                outputs = run()
        return graph.replay, outputs


def use_graphs(modules: Iterable[nn.Module], capture: Capture, *, bucket: int) -> None:
    """Has each module run through graphs."""
    for module in modules:
        setattr(module, "forward", GraphedForward(module.forward, capture, bucket=bucket))  # noqa: B010 - mypy: a method


def use_compiler(modules: Iterable[nn.Module], *, graphs: bool) -> None:
    """Has each module compiled when a shape is first seen; `graphs` in torch's mode that makes CUDA graphs of it."""
    for module in modules:
        if graphs:
            compiled = torch.compile(module.forward, mode="reduce-overhead")
            setattr(module, "forward", _copying(compiled))  # noqa: B010 - mypy: a method
        else:
            module.compile()


def _copying(compiled: Forward) -> Forward:
    """Outputs of torch's graphs live until the next compiled call; these live on."""

    def forward(*positional: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the module takes and gives
        return pytree.tree_map_only(Tensor, torch.clone, compiled(*positional, **named))

    return forward
