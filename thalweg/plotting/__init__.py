"""Pictures of models, plans and solutions.

Everything goes one way: `scene_of` turns a model into neutral boxes and arrows, a writer turns these into a format.
"""

from .boxes import Arrow, Box, Scene, Span, Step
from .gantt import critical_path, gantt
from .picture import Plot, SceneOptions, plot, plot_scene
from .scene import scene_of
from .tables import Report, Table, card, report, table
from .writers import WRITERS

__all__ = [
    "WRITERS", "Arrow", "Box", "Plot", "Report", "Scene", "SceneOptions", "Span", "Step", "Table", "card",
    "critical_path", "gantt", "plot", "plot_scene", "report", "scene_of", "table",
]  # fmt: skip
