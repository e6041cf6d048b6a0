"""The tables that are only ever added to."""

APPEND_ONLY = (
    "figures_definition", "figures_baseline", "figures_snapshot", "figures_publication", "figures_publicmonth",
    "figures_weighting", "figures_weightingdecision",
)  # fmt: skip
