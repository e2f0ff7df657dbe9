"""The operators, in the order of the flow: stage, plan, submit, settle, report, follow up."""

from __future__ import annotations

from dimona_provider.operators.filing import DimonaReportOperator, DimonaSettleOperator, DimonaSubmitOperator
from dimona_provider.operators.followup import (
    DimonaAlertOperator,
    DimonaFollowUpOperator,
    DimonaFollowUpReportOperator,
)
from dimona_provider.operators.planning import DimonaPlanOperator, DimonaStageOperator

__all__ = [
    "DimonaAlertOperator",
    "DimonaFollowUpOperator",
    "DimonaFollowUpReportOperator",
    "DimonaPlanOperator",
    "DimonaReportOperator",
    "DimonaSettleOperator",
    "DimonaStageOperator",
    "DimonaSubmitOperator",
]
