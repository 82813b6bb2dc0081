"""The network that computes in 8 bits says what the one that it was made of says."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import save_file

from research.roomnet import export, quantise
from research.roomnet.network import groups
from research.roomnet.network.model import SIZES, RoomNet
from research.roomnet.rooms.random import ROOM_TYPES
from roomnet import network
from tests.fixtures.rooms import DrawnRoom

WEIGHTS = Path(quantise.__file__).parent / "weights" / "roomnet.safetensors"


def test_a_network_is_quantised_all_but_its_ends(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantise, "PICTURES", 4)
    torch.manual_seed(2)
    plain = RoomNet(groups=len(groups.NAMES), types=len(ROOM_TYPES), size=SIZES["tiny"])
    save_file(plain.state_dict(), tmp_path / "raw", metadata={"size": "tiny"})
    export.export(tmp_path / "raw", tmp_path / "plain")
    quantise.main([str(tmp_path / "plain"), str(folder), str(tmp_path / "out")])
    one, other = (network.Network(tmp_path / name) for name in ("plain", "out"))
    assert other.revision == f"{one.revision}-q8"
    graph = onnx.load(tmp_path / "out" / "roomnet.onnx")
    makers = {output: node.op_type for node in graph.graph.node for output in node.output}
    convolutions = [makers.get(node.input[1]) for node in graph.graph.node if node.op_type == "Conv"]
    assert convolutions.count("DequantizeLinear") == len(convolutions) - len(quantise.ends(graph))
    photo = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
    np.testing.assert_allclose(other.predict(photo).groups, one.predict(photo).groups, atol=0.05)


def test_rooms_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rooms"):
        quantise.Rooms(tmp_path).get_next()


def test_what_is_installed_was_made_of_the_weights_that_are_kept(drawn_room: DrawnRoom) -> None:
    kept, known = export.load(WEIGHTS)
    assert network.load().revision == f"{known['revision']}-q8"
    picture = np.ascontiguousarray(drawn_room.photo[:192, :256].transpose(2, 0, 1)[None], np.float32) / np.float32(255)
    session = onnxruntime.InferenceSession(network.FOLDER / network.GRAPH, providers=["CPUExecutionProvider"])
    found = session.run(["groups"], {"picture": picture})[0]
    with torch.no_grad():
        said = kept(torch.from_numpy(picture)).labels
    assert (found.argmax(axis=1) == said.argmax(dim=1).numpy()).mean() > 0.9
