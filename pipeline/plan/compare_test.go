package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
)

// see makes a fact of the sample another one; "" takes it out.
func see(name, seen string) func(*plan.Document) {
	return func(d *plan.Document) {
		i := slices.IndexFunc(d.Facts, func(f plan.Fact) bool { return f.Name == name })
		if seen == "" {
			d.Facts = slices.Delete(d.Facts, i, i+1)
			return
		}
		d.Facts[i].Seen = seen
	}
}

func add(f plan.Fact) func(*plan.Document) {
	return func(d *plan.Document) { d.Facts = append(d.Facts, f) }
}

func tag(name string, change func(*plan.Tag)) func(*plan.Document) {
	return func(d *plan.Document) {
		i := slices.IndexFunc(d.Copy.Tags, func(t plan.Tag) bool { return t.Name == name })
		change(&d.Copy.Tags[i])
	}
}

// TestCompare goes through every kind of change: what moves the world, and what only comes on top.
func TestCompare(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*plan.Document)
		moved  string // "" is none
		added  string
		begun  bool // a run with this plan has begun
	}{
		"nothing":                          {change: func(*plan.Document) {}},
		"other values":                     {change: see("values", "pbkdf2:"+strings.Repeat("9", 64)), moved: "input values: pbkdf2:999999999999, the plan has pbkdf2:111111111111"},
		"other values, begun":              {change: see("values", "pbkdf2:"+strings.Repeat("9", 64)), moved: "input values", begun: true},
		"another chart":                    {change: see("chart mural", digest("9")), moved: "input chart mural: sha256:999999999999"},
		"a flag":                           {change: add(plan.Fact{Kind: plan.Input, Name: "flags", Seen: "--keep-live"}), moved: "input flags: it is new"},
		"a revision":                       {change: see("mural-system/mural", "revision 2, deployed, chart 1.0.7"), moved: "release mural-system/mural: revision 2, deployed, chart 1.0.7, the plan has revision 1"},
		"the revision that this plan made": {change: see("mural-system/mural", "revision 2, deployed, chart 1.0.7"), begun: true},
		"an object":                        {change: see("Deployment mural-system/hue", "generation 4, "+digest("3")), moved: "object Deployment mural-system/hue: generation 4"},
		"an object, by this plan":          {change: see("Deployment mural-system/hue", "generation 4, "+digest("3")), begun: true},
		"an object gone":                   {change: see("Deployment mural-system/hue", ""), moved: "object Deployment mural-system/hue: it is gone"},
		"an object that somebody made":     {change: see("ServiceAccount mural-system/new", digest("9")), moved: "object ServiceAccount mural-system/new: sha256:999999999999, the plan has absent"},
		"an absent one that no stage of now needs": {change: see("ServiceAccount mural-system/new", "")},
		"an object that nobody knew":               {change: add(plan.Fact{Kind: plan.Object, Name: "Service a/b", Seen: digest("9")}), moved: "object Service a/b: it is new"},
		"a workload changed":                       {change: see("apps/checkout on hub", digest("9")), moved: "workload apps/checkout on hub: sha256:999999999999"},
		"a workload changed, by this plan":         {change: see("apps/checkout on hub", digest("9")), begun: true},
		"a workload gone":                          {change: see("apps/checkout on hub", ""), added: "workload apps/checkout on hub: it is gone"},
		"a new workload":                           {change: add(plan.Fact{Kind: plan.Workload, Name: "apps/new on hub", Seen: digest("9")}), added: "workload apps/new on hub: it is new"},
		"hue pushed a tag": {
			change: func(d *plan.Document) {
				d.Copy.Tags = append(d.Copy.Tags, plan.Tag{Name: "new", Source: digest("e")})
				d.Copy.Manifests++
			}, added: "tag new: it is new",
		},
		"hue moved a tag":               {change: tag("checkout", func(t *plan.Tag) { t.Source = digest("e") }), added: "tag checkout: sha256:eeeeeeeeeeee, the plan has sha256:aaaaaaaaaaaa"},
		"a tag vanished":                {change: func(d *plan.Document) { d.Copy.Tags = d.Copy.Tags[1:] }, moved: "tag checkout of the source: it is gone"},
		"a tag was copied meanwhile":    {change: tag("checkout", func(t *plan.Tag) { t.Destination = t.Source })},
		"somebody wrote the tag in ECR": {change: tag("checkout", func(t *plan.Tag) { t.Destination = digest("f") }), moved: "tag checkout of ECR: sha256:ffffffffffff, the plan has nothing"},
		"somebody moved the tag in ECR": {change: tag("cart", func(t *plan.Tag) { t.Destination = digest("f") }), moved: "tag cart of ECR: sha256:ffffffffffff, the plan has sha256:cccccccccccc"},
		"a new tag that ECR has differently": {change: func(d *plan.Document) {
			d.Copy.Tags = append(d.Copy.Tags, plan.Tag{Name: "n", Source: digest("e"), Destination: digest("f")})
		}, moved: "tag n of ECR"},
		"more stages":  {change: func(d *plan.Document) { d.Stages = append(d.Stages, "celebrate") }, moved: "stage celebrate: it is new"},
		"fewer stages": {change: func(d *plan.Document) { d.Stages = d.Stages[:3] }},
		// Seen: `run --plan FILE --until copy` said that every object of the release was gone.
		"copy alone": {change: func(d *plan.Document) {
			d.Stages = d.Stages[:1]
			d.Facts = slices.DeleteFunc(d.Facts, func(f plan.Fact) bool { return f.Kind == plan.Release || f.Kind == plan.Object })
		}},
		"no copy in this run": {change: func(d *plan.Document) { d.Stages, d.Copy.Tags = d.Stages[1:], nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := sample()
			test.change(&changed)
			moved, added := plan.Compare(plan.New(sample()), plan.New(changed), test.begun)
			if test.moved == "" {
				assert.Empty(t, moved)
				require.NoError(t, plan.Refuse("cutover.plan", moved))
			} else {
				err := plan.Refuse("cutover.plan", moved)
				require.ErrorContains(t, err, "comparing the world with cutover.plan: it has moved since: ")
				require.ErrorContains(t, err, test.moved)
				assert.Equal(t, fault.Refused, fault.CodeOf(err))
				assert.Len(t, moved, 1)
			}
			if test.added == "" {
				assert.Empty(t, added)
			} else {
				require.Len(t, added, 1)
				assert.Contains(t, added[0].String(), test.added)
			}
		})
	}
}

func TestRefuseNamesAFew(t *testing.T) {
	t.Parallel()
	var many []plan.Difference
	for range 14 {
		many = append(many, plan.Difference{What: "object x", Then: "1"})
	}
	require.ErrorContains(t, plan.Refuse("f", many), "and 4 more")
}
