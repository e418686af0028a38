"""All campaigns by name, in the order in which they matter."""

from __future__ import annotations

from tests.campaigns.campaign import Campaign
from tests.campaigns.cells.campaign import Cells
from tests.campaigns.cheats.campaign import Cheats
from tests.campaigns.deletion.campaign import Deletion
from tests.campaigns.differential.campaign import Differential
from tests.campaigns.kernels.campaign import Kernels
from tests.campaigns.mutants.campaign import Mutants
from tests.campaigns.parsers.campaign import Parsers
from tests.campaigns.proofs.campaign import Proofs
from tests.campaigns.transcript.campaign import Transcripts
from tests.campaigns.zero_knowledge.campaign import ZeroKnowledge

CAMPAIGNS: dict[str, Campaign] = {
    campaign.name: campaign
    for campaign in (
        Deletion(),
        Transcripts(),
        Proofs(),
        Cheats(),
        Cells(),
        ZeroKnowledge(),
        Differential(),
        Kernels(),
        Mutants(),
        Parsers(),
    )
}
