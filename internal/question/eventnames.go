package question

import (
	"slices"
	"strings"

	"make-audit-mcp/internal/auditlog"
)

// plainWords are the words of a name in one form: without the plural's s, one word where there are several for one thing.
func plainWords(of auditlog.Text) []string {
	singular := mapAll(words(foldName(of)), func(word string) string {
		if len(word) > 3 {
			return strings.TrimSuffix(word, "s")
		}
		return word
	})
	// In order: what stands first is replaced first.
	joined := strings.NewReplacer(
		" single sign on ", " sso ", " single signon ", " sso ", " saml ", " sso ",
		" mfa ", " 2fa ", " tfa ", " 2fa ", " otp ", " 2fa ", " totp ", " 2fa ",
		" two factor ", " 2fa ", " 2 factor ", " 2fa ", " twofactor ", " 2fa ", " second factor ", " 2fa ",
		" multi factor ", " 2fa ", " multifactor ", " 2fa ", " two step ", " 2fa ", " 2 step ", " 2fa ",
		" api key ", " key ", " apikey ", " key ", " datastore ", " data store ", " hook ", " webhook ",
		" organisation ", " organization ", " org ", " organization ", " custom function ", " function ",
		" log in ", " login ", " logged in ", " login ", " log on ", " logon ", " log out ", " logout ", " logged out ", " logout ",
		" sign in ", " signin ", " signed in ", " signin ", " sign out ", " signout ", " signed out ", " signout ",
		" custom role ", " customrole ", " custom app ", " customapp ",
	).Replace(" " + strings.Join(singular, " ") + " ")
	return strings.Fields(joined)
}

// commonWords are the plain words of a name without those that say nothing: they are what people call a sort of event by. Two-factor
// authentication enforcement, mfa and "two factor" have the same; none is left of what says nothing at all.
func commonWords(of auditlog.Text) []string {
	return slices.DeleteFunc(plainWords(of), func(word string) bool {
		return slices.Contains([]string{"authentication", "auth", "verification", "enforcement", "event"}, word)
	})
}

// commonName is the common words as one text.
func commonName(of auditlog.Text) string { return strings.Join(commonWords(of), " ") }

// calledCommonly is the level at which something fits by what people call it.
func calledCommonly[T any](want string, of func(T) auditlog.Text) func(T) bool {
	asked := commonName(auditlog.Text(want))
	return func(item T) bool { return asked != "" && commonName(of(item)) == asked }
}
