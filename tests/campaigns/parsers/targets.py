"""All readers, by name, each with the module that has it: the process that fuzzes one loads no other."""

from __future__ import annotations

from tests.campaigns.parsers import claims, decoders, policies, uploads
from tests.campaigns.parsers.target import Target

HOMES: dict[str, tuple[str, Target]] = {
    target.name: (module.__name__, target)
    for module in (decoders, claims, policies, uploads)
    for target in module.TARGETS
}
TARGETS: dict[str, Target] = {name: target for name, (_, target) in HOMES.items()}
