"""How predictions came about: what the scores, the manifest and the run say."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from tfuq.config import DataConfig
from tfuq.report.page.source import Source
from tfuq.runs import Run

_DIGEST = 16  # characters of a digest that are shown
_NOT_NOTED = "not noted"


def provenance_of(source: Source) -> dict[str, str]:
    """Say how the predictions came about, a text for each fact that is known."""
    facts = _facts_of_scores(source) | _facts_of_run(source.run)
    if source.manifest:
        facts["predicted by tfuq"] = source.manifest.tfuq_version
        facts["look at its cases by"] = shlex.join(["tfuq", "view", str(source.predictions)])
    return {name: text for name, text in facts.items() if text}


def _facts_of_scores(source: Source) -> dict[str, str]:
    summary = source.summary
    samples = _NOT_NOTED
    if source.samples is not None:
        samples = str(source.samples)
    digests = [digest[:_DIGEST] for digest in summary.get("weights_digest", [])]
    return {
        "scores": str(source.folder),
        "method": summary["method"],
        "samples (T)": samples,
        "seed of the draws": str(summary.get("seed", _NOT_NOTED)),
        "weights digest": " ".join(digests) or _NOT_NOTED,
        "cases": str(summary.get("cases", len(source.cases))),
        "references": str(source.reference or "the data set's own"),
        "label values of the references": summary.get("label_values") or "",
        "structure names of the references": summary.get("structure_names") or "",
        "members missing": ", ".join(map(str, summary.get("missing_members", []))),
    }


def _facts_of_run(run: Run | None) -> dict[str, str]:
    if run is None:
        return {"run": "gone", "data": "not known"}
    data = run.config.data
    facts = run.facts
    return {
        "run": str(run.path),
        "data": origin_of(data),
        "seeds of training": _listed(facts.get("seeds", {})),
        "versions": _listed(facts.get("versions", {})),
        "devices": ", ".join(facts.get("devices", [])),
        "git": str(facts.get("git") or ""),
    }


def origin_of(data: DataConfig) -> str:
    """Where data come from and under which terms, or that it is not stated."""
    origin = data.source or f"{data.root} (source not stated)"
    return f"{origin} ({data.licence or 'licence not stated'})"


def _listed(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def shared_facts(facts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The facts that are the same of every method.

    Args:
        facts: By method and name.
    """
    first, *others = facts.values()
    shared = {}
    for name, text in first.items():
        if all(other.get(name) == text for other in others):
            shared[name] = text
    return shared


def own_facts(facts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The facts by method that are not `shared_facts`.

    Args:
        facts: By method and name.
    """
    shared = shared_facts(facts)
    own = {}
    for method, of_method in facts.items():
        own[method] = {name: text for name, text in of_method.items() if name not in shared}
    return own
