package report

import (
	"fmt"
	"math"
	"strings"
)

// picture is a drawing of hub, spokes and both registries at one moment. Its words say all of it too.
type picture struct {
	Title, Words string
	Zot, ECR     pictureBox
	Clusters     []pictureBox
	Many         string // how many spokes there are, when they are too many to name
	ManyY        int
	Arrows       []arrow
}

type pictureBox struct {
	X, Y, Width, Height  int
	Name, Detail, Tone   string
	NameY, DetailY, MidX int
	Off                  bool
}

// arrow is a line with a head, as the data of a path.
type arrow struct {
	Line, Head, Tone string
	Dashed           bool
}

// Where things are in a picture of 360 by 220.
const (
	registryTop, registryBottom = 8, 60
	clusterTop                  = 142
	zotX, ecrX, registryWidth   = 20, 210, 130
	hubX, hubWidth              = 20, 92
	spokesX, spokesWidth        = 132, 208
	spokesHeight                = 60
	namedSpokes                 = 3
)

func pictureOf(title string, s *Standing) picture {
	p := picture{Title: title, Words: s.words()}
	p.Zot = registryBox(zotX, "Zot", "zot", string(s.Zot))
	p.Zot.Off = s.Zot == ZotOff || s.Zot == ZotAbsent
	p.ECR = registryBox(ecrX, "ECR", "ecr", "Amazon")
	spokes := s.Pulls
	if len(s.Pulls) > 0 {
		hub := s.Pulls[0]
		spokes = s.Pulls[1:]
		p.Clusters = append(p.Clusters, clusterBox(hubX, hubWidth, hub))
		p.pull(hub.From, hubX+hubWidth-22, 0)
	}
	p.spokes(spokes)
	p.push(s.Push)
	return p
}

// words says what the picture shows.
func (s *Standing) words() string {
	text := "hue pushes to " + s.Push.String() + "; "
	if _, n := s.main(); n > 1 && n == len(s.Pulls) {
		text += fmt.Sprintf("all %d clusters pull from %s", n, s.pulled())
	} else {
		text += "workloads pull from " + s.pulled()
	}
	switch s.Zot {
	case ZotRuns:
		return text + "; Zot runs"
	case ZotOff:
		return text + "; Zot is off"
	case ZotAbsent:
		return text + "; there is no Zot"
	}
	return text + "; whether Zot runs is unknown"
}

// spokes draws boxes with names, or a square for each when they are many.
func (p *picture) spokes(spokes []Pull) {
	if len(spokes) == 0 {
		return
	}
	seen := make(map[Registry]bool)
	for _, s := range spokes {
		if !seen[s.From] {
			seen[s.From] = true
			p.pull(s.From, spokesX+spokesWidth/2, 30)
		}
	}
	if len(spokes) <= namedSpokes {
		const gap = 8
		width := (spokesWidth - gap*(len(spokes)-1)) / len(spokes)
		for i, s := range spokes {
			p.Clusters = append(p.Clusters, clusterBox(spokesX+i*(width+gap), width, s))
		}
		return
	}
	side, rows := squares(len(spokes))
	perRow := (len(spokes) + rows - 1) / rows
	left := spokesX + (spokesWidth-perRow*side)/2
	for i, s := range spokes {
		x, y := left+i%perRow*side, clusterTop+i/perRow*side
		p.Clusters = append(p.Clusters, pictureBox{X: x, Y: y, Width: max(side-3, 1), Height: max(side-3, 1), Tone: tone(s.From)})
	}
	p.Many, p.ManyY = Counted(len(spokes), "spoke"), clusterTop+rows*side+14
}

// squares returns the side of squares, with the space between them, and the number of rows in which n of them fit into
// what is left for spokes.
func squares(n int) (side, rows int) {
	for side = 24; side > 2; side-- {
		perRow := spokesWidth / side
		if rows = (n + perRow - 1) / perRow; rows*side <= spokesHeight {
			return side, rows
		}
	}
	perRow := spokesWidth / side
	return side, (n + perRow - 1) / perRow
}

func registryBox(x int, name, tone, detail string) pictureBox {
	return pictureBox{
		X: x, Y: registryTop, Width: registryWidth, Height: registryBottom - registryTop, Name: name, Detail: detail, Tone: tone,
		NameY: registryTop + 24, DetailY: registryTop + 42, MidX: x + registryWidth/2,
	}
}

func clusterBox(x, width int, p Pull) pictureBox {
	detail := ""
	if p.Workloads > 0 {
		detail = Counted(p.Workloads, "workload")
		if width < 90 {
			detail = fmt.Sprint(p.Workloads)
		}
	}
	return pictureBox{
		X: x, Y: clusterTop, Width: width, Height: 52, Name: cut(p.Cluster, width/10), Detail: detail, Tone: tone(p.From),
		NameY: clusterTop + 24, DetailY: clusterTop + 42, MidX: x + width/2,
	}
}

// cut shortens a name to n characters, with … in its middle: the ends differ between the clusters of a fleet.
func cut(name string, n int) string {
	runes := []rune(name)
	if len(runes) <= n || n < 3 {
		return name
	}
	return string(runes[:(n-1)/2]) + "…" + string(runes[len(runes)-n/2:])
}

// pull draws an arrow from a registry, or from both, down to what reads from it.
func (p *picture) pull(from Registry, x, shift int) {
	for _, r := range registries(from) {
		p.Arrows = append(p.Arrows, arrowFrom(middle(r)+shift, registryBottom, x, clusterTop, r.tone(), false))
	}
}

// push draws an arrow from the hub up to where hue pushes.
func (p *picture) push(to Registry) {
	for _, r := range registries(to) {
		p.Arrows = append(p.Arrows, arrowFrom(hubX+22, clusterTop, middle(r)-30, registryBottom, r.tone(), true))
	}
}

// registries are those of the picture that a registry stands for.
func registries(r Registry) []Registry {
	switch r {
	case Zot, ECR:
		return []Registry{r}
	case BothRegistries:
		return []Registry{Zot, ECR}
	}
	return nil
}

func middle(r Registry) int {
	if r == ECR {
		return ecrX + registryWidth/2
	}
	return zotX + registryWidth/2
}

func (r Registry) tone() string { return string(r) }

// tone is the colour of a cluster: that of its registry, or one that asks for attention.
func tone(r Registry) string {
	switch r {
	case Zot, ECR:
		return r.tone()
	case BothRegistries:
		return "both"
	case OtherRegistry:
		return "bad"
	}
	return "mute"
}

// arrowFrom is an arrow between two points, a little away from both.
func arrowFrom(x1, y1, x2, y2 int, tone string, dashed bool) arrow {
	dx, dy := float64(x2-x1), float64(y2-y1)
	length := math.Hypot(dx, dy)
	ux, uy := dx/length, dy/length
	const gap, head, wing = 5, 8, 4
	sx, sy := float64(x1)+ux*gap, float64(y1)+uy*gap
	tx, ty := float64(x2)-ux*gap, float64(y2)-uy*gap
	bx, by := tx-ux*head, ty-uy*head
	return arrow{
		Line: pathData(sx, sy, bx, by), Head: pathData(tx, ty, bx-uy*wing, by+ux*wing, bx+uy*wing, by-ux*wing) + "Z",
		Tone: tone, Dashed: dashed,
	}
}

// pathData is the data of an SVG path through points.
func pathData(xy ...float64) string {
	var d strings.Builder
	for i := 0; i+1 < len(xy); i += 2 {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&d, "%s%.1f %.1f", command, xy[i], xy[i+1])
	}
	return d.String()
}
