package population

// InOrder returns live entries of one entity in the order in which the folds
// take them. live may be in any order and is not changed.
func InOrder(live []Located) []Located { return inOrder(live) }
