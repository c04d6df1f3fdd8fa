# The words of this project; each is one line into tools/bootstrap.py, which brings what a fresh machine lacks.
.PHONY: run test trust check fix bench demo screens help
BOOTSTRAP = python3 tools/bootstrap.py

help: ## show these words
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

run: ## start the whole site (one Ctrl-C ends it; PORT=8000)
	@exec $(BOOTSTRAP) run

test: ## all tests on throw-away servers; ARGS="-k word" narrows
	@$(BOOTSTRAP) test -- $(ARGS)

trust: ## the promises of trust in full: N tried, N held, 0 lost (long); ARGS="-k word" narrows
	@GRIDLOOP_TRUST=1 $(BOOTSTRAP) test -- -m trust $(ARGS)

check: ## format, lint, types, import direction, migrations, deploy check, diagrams
	@$(BOOTSTRAP) check

fix: ## put format and lint right
	@$(BOOTSTRAP) fix

bench: ## measure against the speed table; ARGS="--size 117000"
	@$(BOOTSTRAP) exec --keep bench -- python tools/bench.py $(ARGS)

demo: ## make the demo world on the running site; ARGS="--more", ARGS="--only party"
	@$(BOOTSTRAP) exec -- python manage.py demo $(ARGS)

screens: ## renew docs/screens from the browser stories
	@GRIDLOOP_SCREENS=1 $(BOOTSTRAP) test -- tests/stories $(ARGS)
