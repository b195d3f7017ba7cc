"""Where work runs: in worker processes or, in cluster/, on an existing Dask cluster."""
