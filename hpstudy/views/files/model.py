"""A trained model as one JSON document: its keys are a contract, so each stands here by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hpstudy.store.models import Model
from hpstudy.store.records import Epoch
from hpstudy.views.tables.training import seconds_of


def model_document(
    model: Model, page: Path, epochs: Sequence[Epoch], *, taken_over: int, again: int
) -> dict[str, Any]:
    """Returns the document that `train --json` prints.

    Args:
        model: The model.
        page: Its page.
        epochs: The epochs behind it.
        taken_over: How many of them were recorded before.
        again: How many of these had to be trained again.
    """
    card = model.card
    return {
        "study": card.study,
        "hyperparameters": card.hyperparameters,
        "settings": card.settings,
        "seed": card.seed,
        "device": card.device,
        "precision": card.precision,
        "threads": card.threads,
        "metric": card.metric,
        "value": card.value,
        "low": card.low,
        "high": card.high,
        "test_examples": card.test_examples,
        "epochs": [{"epoch": one.number, **one.metrics} for one in epochs],
        "taken_over": taken_over,
        "again": again,
        "seconds": seconds_of(epochs),
        "training": card.training,
        "model": f"{model.file}",
        "card": f"{model.path}",
        "page": f"{page}",
    }
