"""Where work runs: processes, or a Dask cluster."""
