"""What Alembic runs: the migrations, on the connection that `upgrade.py` hands over.

There is no offline mode and no `alembic.ini`: a lab's schema is only ever changed by opening it.
"""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
