"""The TaskFlow decorator ``@task.dimona_submit``: a function that yields declarations files them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from airflow.sdk import Context
from airflow.sdk.bases.decorator import (
    DecoratedOperator,
    TaskDecorator,
    determine_kwargs,
    task_decorator_factory,
)

from dimona_provider.operators.filing import DimonaSubmitOperator
from dimona_provider.task_errors import guarded


class DimonaSubmitDecoratedOperator(DecoratedOperator, DimonaSubmitOperator):
    """
    File what a function yields, as ``DimonaSubmitOperator`` does with its ``source``; returns the reference.

    :param python_callable: the function; it runs in the worker
    :param op_args: its positional arguments (templated); Airflow shows them, so they name no person
    :param op_kwargs: its named arguments (templated), the same; what Airflow's context has under a
        parameter's name is given besides
    """

    template_fields: Sequence[str] = ("op_args", "op_kwargs")
    custom_operator_name = "@task.dimona_submit"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs)

    @guarded
    def execute(self, context: Context) -> str:
        """Call the function with its arguments when the operator reads its source."""
        given = determine_kwargs(self.python_callable, self.op_args, {**context, **self.op_kwargs})
        self.source = partial(self.python_callable, *self.op_args, **given)
        return str(super().execute(context))


def dimona_submit(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a submit task of a function; Airflow offers this as ``@task.dimona_submit``.

    *python_callable* returns or yields ``{"reference": payroll's own id, "declaration": REST body}`` for
    each declaration. Everything else goes to the operator, such as ``dimona_conn_id``, ``retries``.
    """
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=False,
        decorated_operator_class=DimonaSubmitDecoratedOperator,
        **kwargs,
    )
