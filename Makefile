# Shortcuts; the README names the two commands that need nothing but Go.
.PHONY: demo test long ci release

demo:
	go run ./cmd/tramxa demo

test:
	go test ./...

long:
	TRAMXA_LONG=1 go test -timeout 40m ./...

ci:
	.ci/run

# Every package of the commit; see images/pack/DESIGN.md for keys and signatures.
release:
	go run ./cmd/mkimage release --version $(VERSION) --out dist/$(VERSION)
