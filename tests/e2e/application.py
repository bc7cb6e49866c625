"""An application of its own on a private database, told what to do from outside: for tests that stop that database.

Run as `python -m tests.e2e.application WORD...`; prints its answer as one line of JSON.
"""

import json
import os
import sys
from uuid import UUID

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main(words: list[str]) -> object:
    import django  # noqa: PLC0415

    django.setup()
    from catalog.rules.vocabulary import SourceKind  # noqa: PLC0415
    from tests.trust.builders import make_ready_port  # noqa: PLC0415
    from trust.clock import database_now  # noqa: PLC0415
    from trust.evidence.services.runs import request_run  # noqa: PLC0415
    from trust.messages import enqueue  # noqa: PLC0415
    from trust.models import Run  # noqa: PLC0415

    if words == ["ask"]:
        port = make_ready_port(source_kind=SourceKind.POSTGRES, location="sources.slow", connection="env:SOURCE_URL")
        run = request_run(port=port, actor=None, now=database_now())
        enqueue([run.id])
        return str(run.id)
    run = Run.objects.get(id=UUID(words[1]))
    return {
        "status": run.status,
        "attempt": run.attempt,
        "failure": run.failure,
        "verdicts": list(run.verdicts.values_list("verdict", flat=True)),
        "results": run.check_results.count(),
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
