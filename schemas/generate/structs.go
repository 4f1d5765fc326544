package main

import (
	"reflect"

	"make-audit-mcp/schemas"
	"make-audit-mcp/schemas/describe"
)

const extension = ".json"

// arguments are what tools and prompts take.
func arguments() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[schemas.CountAuditLogsArguments](),
		reflect.TypeFor[schemas.FetchArguments](),
		reflect.TypeFor[schemas.FindSuspiciousActivityArguments](),
		reflect.TypeFor[schemas.GetActorActivityArguments](),
		reflect.TypeFor[schemas.GetAuditLogArguments](),
		reflect.TypeFor[schemas.GetTargetHistoryArguments](),
		reflect.TypeFor[schemas.ListAuditLogsArguments](),
		reflect.TypeFor[schemas.ListFiltersArguments](),
		reflect.TypeFor[schemas.ListOrganizationsArguments](),
		reflect.TypeFor[schemas.ListPeopleArguments](),
		reflect.TypeFor[schemas.SearchArguments](),

		reflect.TypeFor[schemas.AccessReviewArguments](),
		reflect.TypeFor[schemas.IncidentTimelineArguments](),
		reflect.TypeFor[schemas.OffboardingReviewArguments](),
		reflect.TypeFor[schemas.ReportArguments](),
		reflect.TypeFor[schemas.SecurityReviewArguments](),
	}
}

// results are what tools give.
func results() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[schemas.CountAuditLogsResult](),
		reflect.TypeFor[schemas.FetchResult](),
		reflect.TypeFor[schemas.FindSuspiciousActivityResult](),
		reflect.TypeFor[schemas.GetActorActivityResult](),
		reflect.TypeFor[schemas.GetAuditLogResult](),
		reflect.TypeFor[schemas.GetTargetHistoryResult](),
		reflect.TypeFor[schemas.ListAuditLogsResult](),
		reflect.TypeFor[schemas.ListFiltersResult](),
		reflect.TypeFor[schemas.ListOrganizationsResult](),
		reflect.TypeFor[schemas.ListPeopleResult](),
		reflect.TypeFor[schemas.SearchResult](),
	}
}

// files are the schemas by the names of their files.
func files() map[string][]byte {
	written := map[string][]byte{}
	for _, t := range arguments() {
		written[t.Name()+extension] = describe.Input(t)
	}
	for _, t := range results() {
		written[t.Name()+extension] = describe.Output(t)
	}
	return written
}
