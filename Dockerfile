# docker build -t runaudit . && docker run --rm -v "$PWD:/work:ro" runaudit check logs
# For a build that is the same next year, give the digest: --build-arg PYTHON=python:3.13-slim@sha256:...
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/runaudit && /opt/runaudit/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM ${PYTHON}
COPY --from=build /opt/runaudit /opt/runaudit
ENV PATH=/opt/runaudit/bin:$PATH PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin runaudit
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["runaudit"]
CMD ["--help"]
