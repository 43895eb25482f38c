package update

// LateAfter is for the tests with a launcher.
const LateAfter = lateAfter
