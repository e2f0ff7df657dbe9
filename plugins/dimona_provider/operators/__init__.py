"""The operators, in the order of the flow: stage, plan, submit, settle, report, follow up, ask, reconcile."""

from __future__ import annotations

from dimona_provider.operators.alert import DimonaAlertOperator
from dimona_provider.operators.decisions import DimonaAskOperator, DimonaCollectOperator
from dimona_provider.operators.filing import DimonaSettleOperator, DimonaSubmitOperator
from dimona_provider.operators.followup import (
    DimonaFollowUpOperator,
    DimonaFollowUpReportOperator,
)
from dimona_provider.operators.planning import DimonaPlanOperator, DimonaStageOperator
from dimona_provider.operators.reconcile import (
    DimonaDriftReportOperator,
    DimonaEmployersOperator,
    DimonaReconcileOperator,
)
from dimona_provider.operators.report import DimonaReportOperator

__all__ = [
    "DimonaAlertOperator",
    "DimonaAskOperator",
    "DimonaCollectOperator",
    "DimonaDriftReportOperator",
    "DimonaEmployersOperator",
    "DimonaFollowUpOperator",
    "DimonaFollowUpReportOperator",
    "DimonaPlanOperator",
    "DimonaReconcileOperator",
    "DimonaReportOperator",
    "DimonaSettleOperator",
    "DimonaStageOperator",
    "DimonaSubmitOperator",
]
