"""The image of the tracking server: MLflow with its login, in locked versions, and the module of ours that runs it."""

from __future__ import annotations

from importlib import resources

from stratolab.infra.code import code
from stratolab.infra.images.recipe import DOCKERFILE, Recipe, base_of

PYTHON = "3.12"
"""The Python that its packages are locked for."""
LOCK = "tracking-server.lock"
_DOCKERFILE = """\
FROM {base}
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PYTHONUNBUFFERED=1
COPY {lock} /build/{lock}
RUN pip install --require-hashes --no-deps --requirement /build/{lock}
ADD --chmod=644 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/stratolab/rds.pem
COPY source/ /opt/stratolab/
ENV PYTHONPATH=/opt/stratolab
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin lab
VOLUME ["/tmp"]
WORKDIR /tmp
USER 1000
HEALTHCHECK CMD ["python", "-m", "stratolab.runtime.tracking_server", "healthy"]
CMD ["python", "-m", "stratolab.runtime.tracking_server", "serve"]
"""


def recipe() -> Recipe:
    """What makes it. Another version of stratolab whose server is the same makes the same image."""
    lock = (resources.files("stratolab.infra.images") / LOCK).read_bytes()
    sources = code("tracking", "stratolab.runtime.tracking_server.main").sources
    dockerfile = _DOCKERFILE.format(base=base_of(PYTHON), lock=LOCK)
    return Recipe(
        {
            DOCKERFILE: dockerfile.encode(),
            LOCK: lock,
            **{f"source/{name}": content for name, content in sources.items()},
        }
    )
