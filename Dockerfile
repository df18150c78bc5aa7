# One image for web, workers and beat; compose.yaml gives each its command.
FROM python:3.13-slim AS libraries
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r /tmp/runtime.txt

FROM python:3.13-slim
# The HTTP client checks certificates against the system's authorities.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home tandem \
    && install -d -o tandem -g tandem /data
COPY --from=libraries /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TANDEM_DATA_DIR=/data \
    STATIC_ROOT=/app/staticfiles
# Collecting files needs settings that load, not real secrets.
RUN SECRET_KEY=only-for-the-build TANDEM_DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build
USER tandem
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "-w", "3", "-k", "gthread", "--threads", "8", "--no-control-socket"]
