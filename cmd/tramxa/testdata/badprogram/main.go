// A release that is bad, for the tests of updates: it takes the place of tramxa
// under the real launcher and speaks supervision protocol 1 in plain text. Its
// last line, appended after the build, says what is wrong with it.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end means stop
		os.Exit(0)
	}()
	switch lastLine() {
	case "crashes":
		panic("a bad version")
	case "hangs":
		select {}
	case "broken-page":
		brokenPage()
	}
}

// brokenPage is ready and serves, and its page answers nothing but an error: what
// the health loop of tramxa says then.
func brokenPage() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "broken", http.StatusInternalServerError)
		}))
	}()
	fmt.Println("tramxa/1 ready")
	for {
		resp, err := http.Get("http://" + l.Addr().String() + "/healthz")
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		fmt.Println("tramxa/1 failing page: answers " + resp.Status)
		time.Sleep(10 * time.Second)
	}
}

func lastLine() string {
	name, err := os.Executable()
	if err != nil {
		panic(err)
	}
	f, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.Seek(-64, io.SeekEnd); err != nil {
		panic(err)
	}
	last := ""
	for s := bufio.NewScanner(f); s.Scan(); {
		last = strings.TrimSpace(s.Text())
	}
	return last
}
