"""What operators look at: objectives and their rules, and a dashboard; `make chart` writes both into the chart."""
