"""One module per page: ``layout(store, appeal_id)``, ``register(app, store)``."""
