import pytest

pytest.importorskip("torch", reason="the torch extras are not installed")


@pytest.mark.slow
@pytest.mark.timeout(600)  # loads torch, diffusers and transformers
def test_the_page_of_memory_is_what_the_models_count_to() -> None:
    from tools.gpu.memory import DOCUMENT, page

    assert DOCUMENT.read_text("utf-8") == page()
