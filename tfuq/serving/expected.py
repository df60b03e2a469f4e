"""What a reply to a request must be: by the export's description, before a server is believed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfuq.config import Config
from tfuq.errors import RunError
from tfuq.serving.description import Export
from tfuq.serving.expectation import Asked, Output
from tfuq.serving.tasks import SERVED

Expected = Mapping[str, Output]


def expected_outputs(
    export: Export,
    config: Config,
    signature: str,
    inputs: Mapping[str, np.ndarray],
) -> dict[str, Output]:
    """What the reply to a request must be.

    Args:
        export: The description of what is served.
        config: The configuration of the run that was exported.
        signature: The name of the signature that is asked.
        inputs: The request. Its ``image`` is ``[N, *S, C]``.

    Returns:
        What each output must be, by name.

    Raises:
        RunError: The description has no such signature, or an output that this version of tfuq does
            not know.
    """
    asked = Asked(export=export, config=config, signature=signature, inputs=inputs)
    known = SERVED[export.task].expected(asked)
    names = export.signatures.get(signature, [])
    if not names:
        raise _not_described(export, f"signature {signature} is not in its description")
    for name in names:
        if name not in known:
            output = f"output '{name}' of {signature}"
            problem = f"{output} is none that this version of tfuq knows"
            raise _not_described(export, problem)
    return {name: known[name] for name in names}


def _not_described(export: Export, problem: str) -> RunError:
    return RunError(f"export {export.name}: {problem}; export again with this version of tfuq")
