package makesim

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"time"
)

// timezoneID is a stand-in for Make's id of a time zone, but for the one that Make's own SDK shows.
func timezoneID(name string) int64 {
	const idOfPrague = 113 // test/mocks/enums/timezones.json of @makehq/sdk
	if name == prague {
		return idOfPrague
	}
	return 1000 + int64(crc32.ChecksumIEEE([]byte(name)))
}

// listTimezones answers the zones that users and organizations of the world have, and a few more. Any token may ask. GET /enums/timezones;
// the form is that of the mocks of @makehq/sdk.
func (c *call) listTimezones() ([]byte, error) {
	c.query.accept()
	if err := c.query.mistake(); err != nil {
		return nil, err
	}
	names := []string{prague, "Europe/Rome", "UTC"}
	for _, u := range c.server.directory.world.Users {
		names = append(names, u.Timezone)
	}
	for _, o := range c.server.directory.world.Organizations {
		names = append(names, o.Timezone)
	}
	slices.Sort(names)
	rows := []row{}
	for _, name := range slices.Compact(names) {
		zone, err := c.server.directory.world.zone(name)
		if err != nil {
			continue
		}
		winter := time.Date(2026, 1, 15, 0, 0, 0, 0, zone)
		rows = append(rows, row{
			{"id", timezoneID(name)}, {"name", fmt.Sprintf("(GMT%s) %s", winter.Format("-07:00"), name)},
			{"code", name}, {"offset", winter.Format("-0700")},
		})
	}
	return json.Marshal(row{{"timezones", rows}})
}
