package rescue

// Sentences are all of text.go, Vietnamese and English.
var Sentences = func() (all [][2]string) {
	for _, t := range []text{sayCheck, sayLane, sayDamage, sayNoKey, sayCannot, sayWhole, sayTakeOff, sayCopied, sayUnread, sayAside, sayHealed,
		sayRefold, sayState, sayMove, sayRestore, sayFromHub, sayFetched, sayInPlace, sayNextHub, sayFailed, sayKeyCopied, sayDiffers, sayKept} {
		all = append(all, [2]string{t.vi, t.en})
	}
	return all
}()
