"""Reads a Dockerfile into stages of instructions: enough for ours, without here-documents."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

KNOWN: Final = frozenset(
    {"FROM", "ARG", "ENV", "LABEL", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
)


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction; continued lines are joined."""

    word: str
    text: str

    @property
    def words(self) -> list[str]:
        """The text as the exec form has it; raises ValueError where it is no JSON array."""
        words: list[str] = json.loads(self.text)
        return words


@dataclass(frozen=True, kw_only=True)
class Stage:
    """From one FROM to the next."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, word: str) -> list[Instruction]:
        """Every instruction of this kind."""
        return [one for one in self.instructions if one.word == word]

    def last(self, word: str) -> Instruction:
        """The one that counts; raises IndexError where there is none."""
        return self.all(word)[-1]


def stages(path: Path) -> list[Stage]:
    """The stages of a file; raises ValueError naming the first line that is no instruction."""
    text = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", path.read_text()))
    found: list[Stage] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _space, rest = line.partition(" ")
        if word not in KNOWN or not rest or (not found and word != "FROM"):
            raise ValueError(f"{path}: {line!r}")
        if word == "FROM":
            base, _as, name = rest.partition(" AS ")
            found.append(Stage(base=base, name=name))
        else:
            found[-1].instructions.append(Instruction(word=word, text=re.sub(r"\s+", " ", rest).strip()))
    return found
