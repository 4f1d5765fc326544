package makeapi

import "context"

// EnumsService has the calls about what ids in other answers stand for.
type EnumsService struct{ service }

// Timezones returns the IANA name of each time zone id, as User.TimezoneID has it. Entries without an id or a name are left out. GET
// /enums/timezones: {"timezones":[{id, name, code, offset}]}; by the reference at developers.make.com and the mocks of @makehq/sdk, code is
// the IANA name.
func (s *EnumsService) Timezones(ctx context.Context) (map[ID]string, error) {
	answer, err := s.client.get(ctx, "", "/enums/timezones", nil)
	if err != nil {
		return nil, err
	}
	zones := map[ID]string{}
	for _, record := range list(answer.Get("timezones")) {
		id, _ := decodeID(record.Get("id"))
		code, _ := decodeText(record.Get("code"))
		if id != "" && code != "" {
			zones[id] = code
		}
	}
	return zones, nil
}
