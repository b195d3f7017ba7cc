"""Where work runs: worker processes and, in cluster/, an existing Dask cluster."""
