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

release:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o dist/tramxa ./cmd/tramxa
