# The image of every service of Airflow's: the official one, the package, and this repository's DAGs.
# Airflow's own set of tested versions stays as it is; all that the package needs is in it, and pip checks that.
FROM apache/airflow:3.3.2-python3.13 AS wheel
RUN mkdir /tmp/source
COPY --chown=airflow:0 pyproject.toml README.md LICENSE /tmp/source/
COPY --chown=airflow:0 plugins /tmp/source/plugins
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /tmp/wheels /tmp/source

FROM apache/airflow:3.3.2-python3.13
COPY --from=wheel /tmp/wheels /tmp/wheels
RUN pip install --no-cache-dir --no-index --no-deps /tmp/wheels/*.whl
# Airflow's executor can't be imported with celery 5.7; the official image has an older one, and this does nothing.
RUN pip install --no-cache-dir "celery<5.7" && pip check \
    && python -c "import airflow.providers.celery.executors.celery_executor"
# Made here, so that new volumes at these places belong to the user that the image runs as.
RUN mkdir --mode=0700 /opt/airflow/keys /opt/airflow/simulator \
    && mkdir --parents --mode=0700 /opt/airflow/dimona/reports
COPY --chown=airflow:0 include /opt/airflow/include
COPY --chown=airflow:0 dags /opt/airflow/dags
ENV PYTHONPATH=/opt/airflow
