package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"make-audit-mcp/internal/auditlog"
	"make-audit-mcp/internal/tz"
	"make-audit-mcp/makeapi"
)

// checkCommand says what a key can see.
type checkCommand struct{ Output string }

// newCheckCommand makes the command.
func newCheckCommand(line *commandLine) *cobra.Command {
	var c checkCommand
	command := &cobra.Command{
		Use:   "check",
		Short: "Tell what the API key can see, what is missing and how to get it.",
		Long:  `Asks Make a few questions (about 5 calls, and 3 more per organization) and explains the answers: zone, key, user, scopes, roles, plan, rate limit and how far back the log goes. Of an archive it tells where it lies, what its store says, who may fill it, and up to when it is filled. Exit code 0 if at least one log can be read, else 1, as where the archive cannot be; 2 if the settings cannot be used.`,
		RunE:  line.run(c.Run),
	}
	flagsOf(command).choice(&c.Output, "output", "FORMAT", outputTable, outputJSON, outputCSV).
		help("How to print what is found: table (lines, as they come), json or csv; default: table.")
	return command
}

// Run checks one thing after the other, as long as the next can still be found out.
func (c *checkCommand) Run(r *runtime) (err error) {
	report := newCheckReport(r.streams.Out, c.Output)
	report.progress = newProgressLine(r.streams.Err, slowRead)
	defer func() {
		report.progress.end()
		err = cmp.Or(err, report.end())
	}()
	return c.check(r, report)
}

func (*checkCommand) check(r *runtime, report *checkReport) error {
	report.said("time zone rules", tz.InUse().String())
	all, err := r.upstreams()
	var operator *upstream
	if err == nil {
		operator, err = all.operator()
	}
	if err != nil {
		return unusable(report, err)
	}
	stored, err := r.archiveToAnswer(false)
	defer closeArchive(stored)
	if _, is := errors.AsType[*SettingError](err); is {
		return unusable(report, err)
	}
	operator.answerFrom(stored, true)
	report.said("address", operator.client.Instance())
	failure := operator.client.Ping(r.ctx) // Make's clock is known from then on
	if failure != nil {
		report.failed("connection", explain(failure))
	} else {
		report.passed("connection", operator.client.Host()+" answers")
	}
	r.checkArchive(report, operator, err)
	if failure != nil {
		return report.result()
	}
	account, err := operator.live.Account(r.ctx)
	if err != nil {
		report.failed("key", explain(err))
		if makeapi.IsKind(err, makeapi.KindUnauthorized) {
			report.hint("a key of another zone looks just like a wrong one: sign in to Make and look at the host in the address bar")
		}
		return report.result()
	}
	report.passed("key", fmt.Sprintf("accepted; it belongs to %s %s (id %s)", account.User.Name.Quote(), account.User.Email.Clean(),
		account.User.ID))
	report.said("time zone", cmp.Or(auditlog.Text(account.Timezone).Clean(), "not told; days are meant in UTC"))
	checkScopes(r.ctx, report, operator.client)
	return checkOrganizations(r.ctx, report, operator)
}

// unusable says that settings cannot be used, and why.
func unusable(report *checkReport, err error) error {
	report.failed("settings", explain(err))
	return &exitError{code: exitUsage, message: "these settings cannot be used; see above"}
}

// checkScopes compares the key's scopes with those that are used. Make's documentation does not say exactly which are needed, so a missing
// one is a hint, and the calls below decide.
func checkScopes(ctx context.Context, report *checkReport, client *makeapi.Client) {
	authorization, err := client.Users.Authorization(ctx)
	if err != nil {
		report.warned("scopes", "cannot be told: "+explain(err))
		return
	}
	missing := slices.DeleteFunc([]string{"organizations:read", "teams:read", "user:read"}, func(scope string) bool {
		return slices.Contains(authorization.Scopes, scope)
	})
	if len(missing) == 0 {
		report.passed("scopes", "organizations:read, teams:read and user:read are there")
		return
	}
	report.warned("scopes", "missing: "+strings.Join(missing, ", "))
	report.hint("create a new key under Profile > API with these scopes; a key's scopes cannot be changed")
}

func checkOrganizations(ctx context.Context, report *checkReport, operator *upstream) error {
	organizations, err := operator.live.Organizations(ctx)
	if err != nil {
		report.failed("organizations", explain(err))
		return report.result()
	}
	if len(organizations) == 0 {
		report.failed("organizations", "this key sees none; its user must belong to the organization")
	}
	for _, organization := range organizations {
		checkOrganization(ctx, report, operator, organization)
	}
	if ctx.Err() != nil {
		return &exitError{code: exitFailed, message: "interrupted"}
	}
	return report.result()
}

func checkOrganization(ctx context.Context, report *checkReport, operator *upstream, organization auditlog.Organization) {
	name := fmt.Sprintf("organization %s %s", organization.ID, organization.Name.Quote())
	if !organization.Here {
		report.warned(name, "lives in zone "+organization.Zone.Clean()+": set MAKE_ZONE to it, with a key of that zone")
		return
	}
	access, err := operator.service.Directory.Access(ctx, organization.ID)
	if err != nil {
		report.failed(name, explain(err))
		return
	}
	isReadable := reportAccess(report, name, organization, access)
	reportRoles(ctx, report, operator, organization, access)
	if isReadable {
		reportLimits(report, operator.client, organization.ID, access)
	}
}

// reportAccess says which logs of an organization can be read, and returns whether there is any.
func reportAccess(report *checkReport, name string, organization auditlog.Organization, access *auditlog.Access) bool {
	role := cmp.Or(organization.Role.Clean(), "not told")
	switch {
	case access.Organization:
		report.passed(name, "the audit log can be read; role: "+role)
	case access.Readable():
		report.warned(name, fmt.Sprintf("only the logs of %d team(s) can be read; role: %s", len(access.ReadableTeams()), role))
		for _, team := range access.ReadableTeams() {
			report.hint(fmt.Sprintf("team %s %s can be read", team.ID, team.Name.Quote()))
		}
		report.hint("the organization's log: " + access.Reason)
	default:
		report.failed(name, "the audit log cannot be read; role: "+role)
		report.hint(access.Reason)
		return false
	}
	report.readable = true
	return true
}

// reportLimits says how much may be asked, and how far back the log goes.
func reportLimits(report *checkReport, client *makeapi.Client, organization auditlog.ID, access *auditlog.Access) {
	limit := "not told, so 1000 is assumed"
	if access.APILimit > 0 {
		limit = fmt.Sprint(access.APILimit)
	}
	ceiling := "no ceiling"
	if n := client.Budget().Ceiling(client.Instance(), makeapi.ID(organization)); n != makeapi.Unlimited {
		ceiling = fmt.Sprintf("at most %d of them are used here", n)
	}
	report.hint(fmt.Sprintf("rate limit: %s requests per minute; %s", limit, ceiling))
	if stored := access.Archive; stored != nil {
		report.hint(fmt.Sprintf("archive: %d entries, covered from %s to %s", stored.Entries, day(stored.From),
			stored.AsOf.UTC().Format(time.RFC3339)))
	}
	history := fmt.Sprintf("history: Make keeps %d days; ", access.RetentionDays)
	if access.Oldest.IsZero() {
		report.hint(history + "the log is empty")
		return
	}
	report.hint(history + "the oldest entry is of " + access.Oldest.Format("2006-01-02"))
}
