package lint

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

// shown writes a value for a message, quoted if it is text. Only values that can't be secrets get here.
func shown(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", secret.Text(v))
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	}
	return fmt.Sprint(value)
}

func itoa(n int) string { return strconv.Itoa(n) }

var user = regexp.MustCompile(`(^|://)[^/]*@`)

// withoutUser hides user name and password of an address, which nobody should write there.
func withoutUser(address string) string { return user.ReplaceAllString(address, "${1}****@") }
