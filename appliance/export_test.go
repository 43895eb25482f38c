package appliance

// UntilNight is untilNight.
var UntilNight = untilNight
