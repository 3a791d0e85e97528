package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
)

// factFlags are the flags that say what documents cannot tell: the values of condition keys.
type factFlags struct {
	endpoint, sourceIP, orgID, date string
	tags, keys                      []string
}

func (f *factFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.endpoint, "vpce", "", "ID of the VPC endpoint that requests to ECR go through (aws:SourceVpce)")
	flags.StringVar(&f.sourceIP, "source-ip", "", "IP address that requests come from: public, or inside the VPC with --vpce")
	flags.StringVar(&f.orgID, "org-id", "", "ID of the AWS organization of the accounts (aws:PrincipalOrgID)")
	flags.StringArrayVar(&f.tags, "resource-tag", nil, "a tag of the repository, KEY=VALUE; once for each")
	flags.StringVar(&f.date, "date", "", "date to judge conditions at, as 2026-12-31 or 2026-12-31T23:59:59Z (default now)")
	flags.StringArrayVar(&f.keys, "fact", nil, "value of any other condition key, KEY=VALUE; an empty value is that requests lack the key; once for each")
}

// facts are what the flags say.
func (f *factFlags) facts() (check.Facts, error) {
	facts := check.Facts{Endpoint: f.endpoint, SourceIP: f.sourceIP, OrgID: f.orgID}
	var err error
	if facts.ResourceTags, err = pairs("resource-tag", f.tags); err != nil {
		return facts, err
	}
	if facts.Keys, err = pairs("fact", f.keys); err != nil {
		return facts, err
	}
	if err := ownFlags(facts); err != nil {
		return facts, err
	}
	if f.date != "" {
		if facts.Date, err = time.Parse(time.RFC3339, f.date); err != nil {
			if facts.Date, err = time.Parse(time.DateOnly, f.date); err != nil {
				return facts, fault.New(fault.Usage, "write it as 2026-12-31 or 2026-12-31T23:59:59Z", "reading --date %q: it is not a date", f.date)
			}
		}
	}
	return facts, facts.Validate()
}

// ownFlags refuses a value of a key that another flag gives, or the endpoint.
func ownFlags(facts check.Facts) error {
	for _, own := range []struct {
		key, flag string
		given     bool
	}{
		{"aws:SourceVpce", "--vpce", facts.Endpoint != ""}, {"aws:SourceIp", "--source-ip", facts.SourceIP != ""}, {"aws:PrincipalOrgID", "--org-id", facts.OrgID != ""},
		{"aws:RequestedRegion", "--endpoint", true}, {"aws:PrincipalArn", "--role-arn", true}, {"aws:CurrentTime", "--date", true}, {"aws:EpochTime", "--date", true},
	} {
		for key := range facts.Keys {
			if own.given && strings.EqualFold(key, own.key) {
				return fault.New(fault.Usage, "give it once, with "+own.flag, "reading --fact: %s is given by its own flag, %s", own.key, own.flag)
			}
		}
	}
	return nil
}

// pairs are the values of a repeated KEY=VALUE flag.
func pairs(flag string, given []string) (map[string]string, error) {
	all := map[string]string{}
	for _, text := range given {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, fault.New(fault.Usage, "write it as KEY=VALUE", "reading --%s %q: it has no key and value", flag, text)
		}
		for other := range all {
			if other == key || flag == "fact" && strings.EqualFold(other, key) {
				return nil, fault.New(fault.Usage, "give it once", "reading --%s %q: %s is given twice", flag, text, key)
			}
		}
		all[key] = value
	}
	return all, nil
}
