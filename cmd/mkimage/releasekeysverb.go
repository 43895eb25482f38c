package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"tramxa/service/update"
)

func keysCommand() command {
	return command{name: "keys",
		args: "make --out DIR --passphrases FILE [--keys 3] [--threshold 2] | rotate --keys DIR --passphrases FILE --next DIR --next-passphrases FILE | " +
			"sign RELEASE --key FILE --passphrases FILE | join RELEASE --chain FILE | check RELEASE --chain FILE",
		about: "keys that releases are signed with: make them, replace them, sign a release apart, put the signatures together, verify a release",
		run:   runKeys}
}

func runKeys(_ context.Context, args []string, out io.Writer) error {
	verbs := map[string]func([]string, io.Writer) error{"make": keysMake, "rotate": keysRotate, "sign": keysSign, "join": keysJoin, "check": keysCheck}
	if len(args) == 0 || verbs[args[0]] == nil {
		return fmt.Errorf("%w: make, rotate, sign, join or check", errUsage)
	}
	return verbs[args[0]](args[1:], out)
}

func keysMake(args []string, out io.Writer) error {
	f := flag.NewFlagSet("keys make", flag.ContinueOnError)
	n, threshold := f.Int("keys", 3, ""), f.Int("threshold", 2, "")
	_, v, err := texts(f, args, 0, "out", "passphrases")
	if err != nil {
		return err
	}
	chain, err := makeKeys(v[0], v[1], *n, *threshold)
	if err != nil {
		return err
	}
	return sayChain(out, chain)
}

func keysRotate(args []string, out io.Writer) error {
	_, v, err := texts(flag.NewFlagSet("keys rotate", flag.ContinueOnError), args, 0, "keys", "passphrases", "next", "next-passphrases")
	if err != nil {
		return err
	}
	chain, err := rotateKeys(v[0], v[1], v[2], v[3])
	if err != nil {
		return err
	}
	return sayChain(out, chain)
}

func keysSign(args []string, out io.Writer) error {
	w, v, err := texts(flag.NewFlagSet("keys sign", flag.ContinueOnError), args, 1, "key", "passphrases")
	if err != nil {
		return err
	}
	return sayFile(out)(signRelease(w[0], v[0], v[1]))
}

func keysJoin(args []string, out io.Writer) error {
	w, v, err := texts(flag.NewFlagSet("keys join", flag.ContinueOnError), args, 1, "chain")
	if err != nil {
		return err
	}
	return sayFile(out)(joinRelease(w[0], v[0]))
}

func keysCheck(args []string, out io.Writer) error {
	w, v, err := texts(flag.NewFlagSet("keys check", flag.ContinueOnError), args, 1, "chain")
	if err != nil {
		return err
	}
	r, err := checkRelease(w[0], v[0])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "release %s, sequence %d, signed with key set %d: every file is as it was signed\n", r.Version, r.Sequence, r.KeySet().Number)
	return err
}

// texts parses n words and flags that must all be given; the values come in the
// order of names.
func texts(f *flag.FlagSet, args []string, n int, names ...string) (list, values []string, err error) {
	at := make([]*string, len(names))
	for i, name := range names {
		at[i] = f.String(name, "", "")
	}
	if list, err = words(f, args, n); err != nil {
		return nil, nil, err
	}
	for i, name := range names {
		if *at[i] == "" {
			return nil, nil, fmt.Errorf("%w: --%s is needed", errUsage, name)
		}
		values = append(values, *at[i])
	}
	return list, values, nil
}

// sayFile says which file was made.
func sayFile(out io.Writer) func(string, error) error {
	return func(name string, err error) error {
		if err == nil {
			_, err = fmt.Fprintln(out, name)
		}
		return err
	}
}

func sayChain(out io.Writer, c update.Chain) error {
	var ids []string
	for _, k := range c.Last().Keys {
		ids = append(ids, k.ID())
	}
	_, err := fmt.Fprintf(out, "key set %d: %d of %d keys must sign: %s\n", c.Last().Number, c.Last().Threshold, len(ids), strings.Join(ids, " "))
	return err
}
