// A program for the tests of trials. Its last line, appended after the build,
// says how it behaves: "version behaviour". It speaks supervision protocol 1 in
// plain text, and writes a line for each start to the file named by its first
// argument.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

func main() {
	words := strings.Fields(lastLine())
	version, behaviour := words[0], words[1]
	f, err := os.OpenFile(os.Args[1], os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = fmt.Fprintf(f, "%s trial=%s level=%s\n", version, os.Getenv("TRAMXA_TRIAL"), os.Getenv("TRAMXA_LEVEL"))
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(9)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end means stop
		os.Exit(0)
	}()
	switch behaviour {
	case "crashes":
		panic("a bad version")
	case "hangs":
		select {}
	case "cannot-read":
		fmt.Fprintln(os.Stderr, "the data are of a level that this version does not read")
		os.Exit(3)
	}
	fmt.Println("tramxa/1 ready")
	if behaviour == "goes-silent" {
		select {}
	}
	for i := 0; ; i++ {
		fmt.Println("tramxa/1 alive")
		if i == 2 && behaviour != "never-proved" {
			fmt.Println("tramxa/1 confirmed")
		}
		time.Sleep(100 * time.Millisecond)
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
		last = s.Text()
	}
	return last
}
