package export

import "make-audit-mcp/internal/auditlog"

// ocsfClass is a class of events: its activities by what was done, and what fills the attributes that it has beyond those of all events.
type ocsfClass struct {
	uid        int
	name       string
	activities map[act]ocsfActivity
	fill       func(event *ocsfEvent, e *auditlog.Entry, m meaning, organization auditlog.Ref)
}

type ocsfActivity struct {
	id   int
	name string
}

// activity is what was done. What the class does not have is Other, with Make's own word for it.
func (c *ocsfClass) activity(event auditlog.Text, act act) ocsfActivity {
	if activity, ok := c.activities[act]; ok {
		return activity
	}
	if event == "" {
		return ocsfActivity{0, "Unknown"}
	}
	return ocsfActivity{ocsfOther, string(event)}
}

// caption is the activity's name in the schema.
func (a ocsfActivity) caption() string {
	if a.id == ocsfOther {
		return "Other"
	}
	return a.name
}

// ocsfClasses returns each kind's class. Enforcement of a second factor for everybody is a policy under Entity Management: Account Change
// is about the factors "for a user account", and such an entry names none. A change of role counts as Assign Privileges: the log does not
// say whether the new role may more or less. Source: https://schema.ocsf.io/1.7.0/classes/entity_management and account_change,
// user_access, group_management there.
func ocsfClasses() map[kind]ocsfClass {
	entity := ocsfClass{uid: 3004, name: "Entity Management", fill: fillEntity, activities: map[act]ocsfActivity{
		actCreate: {1, "Create"}, actAdd: {1, "Create"}, actRead: {2, "Read"}, actUpdate: {3, "Update"},
		actDelete: {4, "Delete"}, actRemove: {4, "Delete"}, actMove: {5, "Move"},
		actEnable: {8, "Enable"}, actDisable: {9, "Disable"}, actActivate: {10, "Activate"}, actDeactivate: {11, "Deactivate"},
		actSuspend: {12, "Suspend"}, actResume: {13, "Resume"},
	}}
	account := func(activities map[act]ocsfActivity) ocsfClass {
		return ocsfClass{uid: 3001, name: "Account Change", fill: fillUser, activities: activities}
	}
	return map[kind]ocsfClass{
		kindObject: entity, kindRecord: entity, kindTeam: entity, kindOrganization: entity, kindPolicy: entity,
		kindMembership: {uid: 3006, name: "Group Management", fill: fillMembership, activities: map[act]ocsfActivity{
			actAdd: {3, "Add User"}, actCreate: {3, "Add User"}, actRemove: {4, "Remove User"}, actDelete: {4, "Remove User"},
		}},
		kindRole: {uid: 3005, name: "User Access Management", fill: fillAccess, activities: map[act]ocsfActivity{
			actAssign: {1, "Assign Privileges"}, actAdd: {1, "Assign Privileges"}, actUpdate: {1, "Assign Privileges"},
			actRevoke: {2, "Revoke Privileges"}, actRemove: {2, "Revoke Privileges"},
		}},
		kindAccount: account(map[act]ocsfActivity{
			actCreate: {1, "Create"}, actAdd: {1, "Create"}, actEnable: {2, "Enable"}, actActivate: {2, "Enable"},
			actDisable: {5, "Disable"}, actDeactivate: {5, "Disable"}, actDelete: {6, "Delete"}, actRemove: {6, "Delete"},
			actLock: {9, "Lock"}, actUnlock: {12, "Unlock"},
		}),
		kindPassword: account(map[act]ocsfActivity{actUpdate: {3, "Password Change"}, actReset: {4, "Password Reset"}}),
		kindFactor: account(map[act]ocsfActivity{
			actEnable: {10, "MFA Factor Enable"}, actActivate: {10, "MFA Factor Enable"}, actAdd: {10, "MFA Factor Enable"},
			actDisable: {11, "MFA Factor Disable"}, actDeactivate: {11, "MFA Factor Disable"}, actRemove: {11, "MFA Factor Disable"},
		}),
	}
}

// fillEntity names what was acted on. The entry has its id only; a name is there where the target is the entry's own team or organization.
func fillEntity(event *ocsfEvent, e *auditlog.Entry, m meaning, organization auditlog.Ref) {
	entity := &ocsfEntity{UID: string(e.TargetID), TypeID: ocsfOther, Type: m.subject}
	if e.Version != nil {
		entity.Version = string(e.Version.To)
	}
	switch m.kind {
	case kindTeam:
		entity.TypeID, entity.Type = 3, "Group"
		entity.UID, entity.Name = sameOr(e.TargetID, e.Team)
		entity.Group = &ocsfNamed{UID: entity.UID, Name: nameOr(entity.UID, entity.Name), Type: "team"}
	case kindOrganization:
		entity.TypeID, entity.Type = 4, "Organization"
		entity.UID, entity.Name = sameOr(e.TargetID, &organization)
		entity.Org = &ocsfOrg{UID: entity.UID, Name: nameOr(entity.UID, entity.Name)}
	case kindPolicy:
		entity.TypeID, entity.Type, entity.Name = 5, "Policy", m.subject
		entity.Policy = &ocsfNamed{UID: entity.UID, Name: entity.Name}
	default:
		if m.subject == "" {
			entity.TypeID, entity.Type = 0, "Unknown"
		}
	}
	entity.Name = nameOr(entity.UID, entity.Name)
	event.Entity = entity
}

// sameOr is the target with its name, where it is what the entry has a name for or the entry has no other.
func sameOr(target auditlog.Text, known *auditlog.Ref) (uid, name string) {
	if known != nil && (target == "" || string(target) == string(known.ID)) {
		return string(known.ID), string(known.Name)
	}
	return string(target), ""
}

// fillUser names the user acted on: the target, else whoever acted, since people change their own accounts.
func fillUser(event *ocsfEvent, e *auditlog.Entry, _ meaning, _ auditlog.Ref) {
	if e.TargetID == "" && event.Actor.User != nil {
		event.User = event.Actor.User
		return
	}
	event.User = newOCSFUser(string(e.TargetID), "")
}

// fillAccess names the user whose role changed. Which role it is only the details say, and those have no documented form: the privilege is
// the event's word for it.
func fillAccess(event *ocsfEvent, e *auditlog.Entry, m meaning, _ auditlog.Ref) {
	event.User = newOCSFUser(string(e.TargetID), "")
	event.Privileges = []string{m.subject}
}

// fillMembership names the team, or for an entry of no team the organization, and the user who came or went.
func fillMembership(event *ocsfEvent, e *auditlog.Entry, _ meaning, organization auditlog.Ref) {
	group, sort := e.Team, "team"
	if group == nil {
		group, sort = &organization, "organization"
	}
	event.Group = &ocsfNamed{UID: string(group.ID), Name: nameOr(string(group.ID), string(group.Name)), Type: sort}
	if e.TargetID != "" && string(e.TargetID) != string(group.ID) {
		event.User = newOCSFUser(string(e.TargetID), "")
	}
}
