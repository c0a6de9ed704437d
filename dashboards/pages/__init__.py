"""One module per page: ``layout(store, view)``, ``register(app, store)``."""
