package makeapi

import (
	"fmt"
	"strings"
)

// maxIDLength is far above that of any id of Make.
const maxIDLength = 128

// pathTo joins a path of the API. Its segments come from callers and from Make's data, so anything that could change the path is refused.
func pathTo(root string, segments ...string) (string, error) {
	path := "/" + root
	for _, segment := range segments {
		if !isID(segment) {
			return "", fmt.Errorf("%q cannot be an id in Make's API: ids are letters, digits, - and _", clip(segment))
		}
		path += "/" + segment
	}
	return path, nil
}

// isID reports whether a text may be an id in Make's API.
func isID(text string) bool {
	const characters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	return text != "" && len(text) <= maxIDLength && strings.Trim(text, characters) == ""
}
