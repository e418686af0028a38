"""All campaigns by name, in the order in which they matter."""

from __future__ import annotations

from tests.campaigns.campaign import Campaign
from tests.campaigns.cheats.campaign import Cheats
from tests.campaigns.differential.campaign import Differential
from tests.campaigns.kernels.campaign import Kernels
from tests.campaigns.proofs.campaign import Proofs

CAMPAIGNS: dict[str, Campaign] = {
    campaign.name: campaign
    for campaign in (
        Proofs(),
        Cheats(),
        Differential(),
        Kernels(),
    )
}
