package cli

import (
	"errors"
	"fmt"
	"time"

	"make-audit-mcp/internal/archive"
	"make-audit-mcp/internal/archive/postgres"
	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/detect"
)

// checkArchive tells of the archive that the settings name; opening is why it cannot be opened.
func (r *runtime) checkArchive(report *checkReport, operator *upstream, opening error) {
	if r.settings.Archive == "" {
		return
	}
	const what = "archive"
	if opening == nil && operator.archive == nil && r.hasArchive() {
		report.warned(what, r.archivePlace()+" does not hold the demo, which therefore does not use it")
		return
	}
	if opening == nil && operator.archive == nil {
		report.warned(what, "there is none at "+r.archivePlace()+" yet, so Make answers alone")
		report.hint("make-audit-mcp sync makes and fills it")
		return
	}
	var survey *archive.Survey
	err := opening
	if err == nil {
		survey, err = operator.archive.Survey(r.ctx)
	}
	if err != nil {
		report.broken = true
		report.failed(what, explain(err))
		return
	}
	entries := 0
	for i := range survey.Logs {
		entries += survey.Logs[i].Entries
	}
	world := ""
	if r.settings.Demo {
		world = " of the demo"
	}
	report.passed(what, fmt.Sprintf("%s can be read; %d log(s)%s, %d entries in %d records", operator.archive.Store(), len(survey.Logs), world,
		entries, survey.Records))
	mayWrite := r.checkStore(report, operator.archive)
	r.checkSigning(report, operator.archive, mayWrite)
	for i := range survey.Logs {
		reportLog(report, &survey.Logs[i], operator)
	}
}

// archivePlace is where the archive lies, without secrets.
func (r *runtime) archivePlace() string {
	if isDatabase(r.settings.Archive) {
		return postgres.Redact(r.settings.Archive)
	}
	return auditlog.Text(r.settings.Archive).Clean()
}

// checkStore tells what the store's server says; of a file there is nothing to tell. It returns whether the archive may be written.
func (r *runtime) checkStore(report *checkReport, stored *archive.Archive) (mayWrite bool) {
	const what, rights = "archive's server", "archive's rights"
	store, is := stored.Store().(*postgres.Store)
	if !is {
		return true
	}
	server, err := store.Server(r.ctx)
	if err != nil {
		report.failed(what, explain(err))
		return false
	}
	about := fmt.Sprintf("PostgreSQL %s; %s", auditlog.Text(server.Version).Clean(), connectionOf(server))
	switch {
	case server.IsStandby:
		report.warned(what, about+"; it is a standby, which is read only")
		report.hint("it answers, and nothing is filled through it: name the primary, or several hosts with target_session_attrs=read-write")
	case server.IsReadOnly:
		report.warned(what, about+"; it is read only")
		report.hint("it answers, and nothing is filled through it: look at default_transaction_read_only of the role, the database and the address")
	default:
		report.passed(what, about+"; it is a primary")
	}
	lease := "nobody holds the lease to fill it now"
	if server.IsHeld {
		lease = "a process holds the lease to fill it"
	}
	report.hint(fmt.Sprintf("%s; %d were granted so far", lease, server.Term))
	role := auditlog.Text(server.Role).Quote()
	switch {
	case len(server.LackToFill)+len(server.LackToShare) == 0:
		report.passed(rights, fmt.Sprintf("role %s may fill the archive, take the lease for it, and share the budget of calls to Make", role))
	case len(server.LackToFill) == 0:
		report.warned(rights, fmt.Sprintf("role %s may fill the archive, and not share the budget of calls to Make", role))
	case len(server.LackToShare) == 0:
		report.said(rights, fmt.Sprintf("role %s reads the archive and shares the budget of calls to Make; it may not fill the archive", role))
	default:
		report.warned(rights, fmt.Sprintf("role %s may only read the archive", role))
	}
	for _, lack := range [][]string{server.LackToFill, server.LackToShare} {
		for _, one := range lack {
			report.hint("lacks " + one)
		}
	}
	if len(server.LackToFill)+len(server.LackToShare) > 0 {
		report.hint("docs/archive.md has the statements that grant rights")
	}
	return len(server.LackToFill) == 0 && !server.IsReadOnly && !server.IsStandby
}

// connectionOf says how a server is reached. Another machine is reached by TLS that proves it, or not at all.
func connectionOf(server *postgres.Server) string {
	if server.TLS == "" {
		return "without TLS, within this machine"
	}
	return "by " + server.TLS
}

// checkSigning tells whether this process can sign what it would store.
func (r *runtime) checkSigning(report *checkReport, stored *archive.Archive, mayWrite bool) {
	const what = "archive's key"
	public, err := stored.CanSign(r.ctx)
	switch {
	case err != nil && !mayWrite:
		report.said(what, explain(err))
	case err != nil:
		report.warned(what, explain(err))
	case public == "":
		report.said(what, "none is named by --archive-key, so this process reads and fills nothing")
	default:
		report.passed(what, "the signing key is at hand; its public half is "+auditlog.Text(public).Clean())
	}
}

// reportLog tells up to when a log is filled.
func reportLog(report *checkReport, log *archive.SurveyedLog, operator *upstream) {
	name := fmt.Sprintf("archived log of organization %s %s", auditlog.Text(log.Organization).Clean(), log.Name.Quote())
	if log.Instance != operator.instance {
		report.said(name, "of another instance of Make, "+auditlog.Text(log.Instance).Clean())
		return
	}
	if log.AsOf.IsZero() {
		report.warned(name, fmt.Sprintf("%d entries; its first fill is not done, so Make answers meanwhile", log.Entries))
		report.hint("make-audit-mcp sync goes on with it; so does a server that fills")
		return
	}
	age := max(0, operator.live.Now().Sub(log.AsOf)).Round(time.Second)
	text := fmt.Sprintf("%d entries, filled up to %s, %s ago", log.Entries, log.AsOf.UTC().Format(time.RFC3339), age)
	if age > fillsLate {
		report.warned(name, text)
		report.hint("run make-audit-mcp sync, or look at the log of the server that fills it")
	} else {
		report.passed(name, text)
	}
	if log.Gaps > 0 {
		report.hint(fmt.Sprintf("%d gap(s) that no sync could read; make-audit-mcp verify lists them", log.Gaps))
	}
	if lull := lullOf(operator.common.detector, log); lull.stands() {
		report.hint(fmt.Sprintf("nothing was logged for %s before that, and %s is long for it: logging may have failed, or nobody worked",
			lull.lasts.Round(time.Minute), lull.limit.Round(time.Minute)))
	}
}

// fillsLate is how long ago the last sync of a log may be before that is worth a word.
const fillsLate = time.Hour

// lull is how long nothing had been logged when a log was filled, and how long that may be; both are 0 where it cannot be told.
type lull struct{ lasts, limit time.Duration }

// stands reports whether it lasts longer than it may.
func (l lull) stands() bool { return l.limit > 0 && l.lasts > l.limit }

// lullOf is that of an archived log.
func lullOf(detector *detect.Detector, log *archive.SurveyedLog) lull {
	if log.Pulse == nil || log.Written.IsZero() || log.AsOf.IsZero() {
		return lull{}
	}
	limit, whyNot := detector.LullAfter(*log.Pulse)
	if whyNot != "" {
		return lull{}
	}
	return lull{lasts: max(0, log.AsOf.Sub(log.Written)), limit: limit}
}

// whyUnreadable is why an archive cannot be read, in words that anybody may hear: no address, no names.
func whyUnreadable(err error) error {
	var refused *archive.StoreError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && !refused.IsAway:
		return errors.New("the archive cannot be read: " + refused.Problem)
	}
	return errors.New("the archive does not answer")
}
