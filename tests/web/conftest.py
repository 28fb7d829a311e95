"""How many questions the fuzzers ask: few by default, ten thousand with THALWEG_SOAK=1."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

SOAK = os.environ.get("THALWEG_SOAK") == "1"
FUZZING = settings(
    max_examples=10_000 if SOAK else 150,
    derandomize=not SOAK,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
DESCRIBING = settings(FUZZING, max_examples=1000 if SOAK else 20)  # for each address and method
