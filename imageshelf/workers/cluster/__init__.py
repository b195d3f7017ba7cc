"""The same map over the workers of an existing Dask cluster."""
