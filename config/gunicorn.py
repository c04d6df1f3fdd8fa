"""How gunicorn serves the site, under `make run` and in a container alike; the address alone is given there."""

worker_class = "gthread"
workers = 2
threads = 8
preload_app = True  # the processes share one import of the code
# Longer than the proxy keeps a connection to us (Caddyfile): whoever closes first must be the one who sends.
keepalive = 75
timeout = 60
graceful_timeout = 5
max_requests = 20_000
max_requests_jitter = 2_000
loglevel = "warning"
