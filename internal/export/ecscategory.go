package export

// ecsCategorization is where a kind of event belongs.
type ecsCategorization struct {
	category []string
	// about are the types that say what was acted on; an event of the category iam has one, and one more for what was done to it.
	about []string
	// always is the type of every act, where that is not for the act to say.
	always string
}

// ecsCategorizations returns each kind's. To gain or lose a role, a membership or a factor is a change of the user. The category database
// has no creation or deletion. Source: https://www.elastic.co/guide/en/ecs/8.11/ecs-allowed-values-event-category.html and
// https://www.elastic.co/guide/en/ecs/8.11/ecs-user-usage.html
func ecsCategorizations() map[kind]ecsCategorization {
	iam := []string{"iam"}
	user := ecsCategorization{category: iam, about: []string{"user"}, always: "change"}
	return map[kind]ecsCategorization{
		kindObject:       {category: []string{"configuration"}},
		kindRecord:       {category: []string{"database"}, always: "change"},
		kindTeam:         {category: iam, about: []string{"group"}},
		kindOrganization: {category: iam, about: []string{"admin"}},
		kindPolicy:       {category: []string{"iam", "configuration"}, about: []string{"admin"}, always: "change"},
		kindAccount:      {category: iam, about: []string{"user"}},
		kindMembership:   user,
		kindRole:         user,
		kindPassword:     user,
		kindFactor:       user,
	}
}

// ecsTypes returns the type of what was done; every other act is a change.
func ecsTypes() map[act]string {
	return map[act]string{actCreate: "creation", actAdd: "creation", actDelete: "deletion", actRemove: "deletion", actRead: "info"}
}

// categorize returns the values of event.category and event.type. An event that does not say what was done has none: the schema wants the
// fields empty where nothing fits.
func (w *ecsWriter) categorize(m meaning) (category, types []string) {
	if !m.isDone() {
		return nil, nil
	}
	c := w.categories[m.kind]
	did, ok := w.types[m.act]
	if !ok {
		did = "change"
	}
	if c.always != "" && m.act != actRead {
		did = c.always
	}
	return c.category, append(append([]string{}, c.about...), did)
}
