package makesim

import "time"

// stageIncidents puts what is worth finding into the log. Days count from today (T), times are Prague's unless another zone is named:
//
//   - T-16, or the last weekday before it, 10:00-15:00 in Warsaw: Grzegorz Brzęczyszczykiewicz deletes 48 webhooks of Logística Ibérica.
//     Harmless, but an unusual day.
//   - T-12, 09:20 in Stockholm: Sofia Lindqvist is seen for the first time.
//   - T-9, 22:04-23:50: Marek Havelka deletes 20 connections and 15 webhooks of Sales EMEA and Marketing; T-8, 09:34: he is removed from
//     both teams.
//   - T-5, 14:02: Tomáš Beneš switches the enforcement of two-factor authentication off, and at 14:42 on again.
//   - T-3, 03:10: Lucie Marešová, who never works at night, creates a key, at 03:13 a connection, at 03:16 a data store with 90 records in
//     four minutes, and deletes it at 03:40.
//   - T-2, 11:20: a webhook whose name is an attack on whoever reads it; its author's display name is another one ([hostileDisplayName]).
//   - The last day of the month before, 23:28-23:31 UTC, which is the next month in Prague: Alena Veselá deletes three organization
//     variables, and one more at 20:10 UTC, which is the same month in both.
//
// Secrets (none of them real) stand in the details of keys (apiKey), variables (value) and connections of type HTTP (authorization) all
// over the log.
func (d *demo) stageIncidents() {
	d.stageWebhookCleanup()
	d.stageFirstSeen()
	d.stageLeaver()
	d.stageTwoFactorGap()
	d.stageNightKey()
	d.stageHostileNames()
	d.stageMonthBorder()
}

// reserve lets objects come into being over a range of days, by those given, for an incident to delete them. The returned slice is filled
// while playing.
func (d *demo) reserve(count, firstDay, lastDay int, k kind, teams []int64, by ...*person) *[]*object {
	reserved := &[]*object{}
	for i := range count {
		p, team := by[i%len(by)], teams[i%len(teams)]
		at := d.weekdayAt(p.Timezone, firstDay+(lastDay-firstDay)*i/count, 9+d.random.IntN(8), d.random.IntN(60))
		d.at(at, func(at time.Time) {
			o := d.create(act{at, p.actor, team}, k)
			o.reserved = true
			*reserved = append(*reserved, o)
		})
	}
	return reserved
}

// weekdayAt is an instant on the last weekday up to a day.
func (d *demo) weekdayAt(zone string, day, hour, minute int) time.Time {
	for {
		switch at := d.local(zone, day, hour, minute, d.random.IntN(60)); at.Weekday() {
		case time.Saturday, time.Sunday:
			day--
		default:
			return at
		}
	}
}

func (d *demo) stageWebhookCleanup() {
	cleaner := d.person(idCleaner)
	const count = 48
	webhooks := d.reserve(count, -300, -40, kindWebhook, []int64{teamLogistics}, cleaner, d.person(5027), d.person(5029))
	start := d.weekdayAt(cleaner.Timezone, -16, 10, 0)
	for i := range count {
		at := start.Add(time.Duration(i)*6*time.Minute + time.Duration(d.random.IntN(120))*time.Second)
		d.at(at, func(at time.Time) { d.remove(act{at: at, actor: cleaner.actor}, (*webhooks)[i]) })
	}
}

func (d *demo) stageFirstSeen() {
	newcomer := d.person(idNewcomer)
	d.at(d.local(newcomer.Timezone, newcomer.from, 9, 20, 31), func(at time.Time) {
		d.create(act{at, newcomer.actor, teamData}, kindConnection)
	})
}

func (d *demo) stageLeaver() {
	leaver := d.person(idLeaver)
	teams := []int64{teamSales, teamMarketing}
	connections := d.reserve(20, -300, -25, kindConnection, teams, leaver)
	webhooks := d.reserve(15, -280, -20, kindWebhook, teams, leaver)
	start := d.local(prague, -9, 22, 4, 17)
	for i := range 35 {
		at := start.Add(time.Duration(i)*3*time.Minute + time.Duration(d.random.IntN(150))*time.Second)
		d.at(at, func(at time.Time) {
			objects, n := *connections, i
			if i >= 20 {
				objects, n = *webhooks, i-20
			}
			d.remove(act{at: at, actor: leaver.actor}, objects[n])
		})
	}
}

func (d *demo) stageTwoFactorGap() {
	admin := d.person(idSecondAdmin)
	d.at(d.local(prague, -5, 14, 2, 9), func(at time.Time) { d.enforceTwoFactor(at, admin, "disabled") })
	d.at(d.local(prague, -5, 14, 42, 40), func(at time.Time) { d.enforceTwoFactor(at, admin, "enabled") })
}

func (d *demo) stageNightKey() {
	actor := d.person(idNightKey).actor
	by := func(at time.Time) act { return act{at, actor, teamFinance} }
	d.at(d.local(prague, -3, 3, 10, 12), func(at time.Time) { d.create(by(at), kindKey).reserved = true })
	d.at(d.local(prague, -3, 3, 13, 2), func(at time.Time) { d.create(by(at), kindConnection).reserved = true })
	var store *object
	d.at(d.local(prague, -3, 3, 16, 0), func(at time.Time) {
		store = d.create(by(at), kindDataStore)
		store.reserved = true
	})
	for i := range 90 {
		at := d.local(prague, -3, 3, 16, 30).Add(time.Duration(i) * 2500 * time.Millisecond).Truncate(time.Second)
		d.at(at, func(at time.Time) { d.create(by(at), kindRecord).reserved = true })
	}
	d.at(d.local(prague, -3, 3, 40, 55), func(at time.Time) { d.remove(by(at), store) })
}

func (d *demo) stageHostileNames() {
	author := d.person(idHostileName)
	d.at(d.local(prague, -2, 11, 20, 44), func(at time.Time) {
		o := d.create(act{at, author.actor, teamMarketing}, kindWebhook)
		o.name, o.reserved = hostileWebhookName, true
		d.entries[len(d.entries)-1].Details["webhookName"] = hostileWebhookName
	})
}

func (d *demo) stageMonthBorder() {
	admin := d.person(idAdmin)
	variables := d.reserve(4, -200, -60, kindOrgVariable, []int64{0}, admin)
	lastDay := time.Date(d.today.Year(), d.today.Month(), 0, 0, 0, 0, 0, time.UTC)
	for i, clock := range [][3]int{{20, 10, 5}, {23, 28, 40}, {23, 30, 0}, {23, 31, 12}} {
		at := lastDay.Add(time.Duration(clock[0])*time.Hour + time.Duration(clock[1])*time.Minute + time.Duration(clock[2])*time.Second)
		d.at(at, func(at time.Time) { d.remove(act{at: at, actor: admin.actor}, (*variables)[i]) })
	}
}
