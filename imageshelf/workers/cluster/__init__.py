"""The map of `workers` over an existing Dask cluster."""
