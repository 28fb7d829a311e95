"""How long the properties are sought to be broken: quick by default, long with THALWEG_SOAK=1."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
COMMON = {"deadline": None, "suppress_health_check": CHECKS, "phases": PHASES}

settings.register_profile("ci", max_examples=100, derandomize=True, database=None, **COMMON)
settings.register_profile("soak", max_examples=5000, print_blob=True, **COMMON)
settings.load_profile("soak" if os.environ.get("THALWEG_SOAK") == "1" else "ci")
