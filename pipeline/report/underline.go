package report

import "strings"

const tabColumns = 4 // a tab in a source line is shown as this many spaces

// underline returns the source line as it is shown in at most n columns, and below it carets under the place's
// columns ("" when the place has none). A longer line is cut around the carets, with … where it goes on.
// Carets stay within the line: a place that goes on in further lines is underlined to the end of this one.
func underline(source string, p Place, n int) (text, carets string) {
	n = max(n, 20)
	runes := []rune(strings.TrimRight(source, "\r\n"))
	from, to := caretRange(runes, p)

	cells := make([]string, len(runes)) // what is shown for each character
	at := make([]int, len(runes)+1)     // the column where each character starts
	for i, r := range runes {
		cells[i] = printable(string(r))
		if r == '\t' {
			cells[i] = strings.Repeat(" ", tabColumns)
		}
		at[i+1] = at[i] + width(cells[i])
	}

	first, last := 0, len(runes)
	head, tail := "", ""
	if at[last] > n {
		if at[to]+2 > n { // what is meant would be cut off: begin near it
			head = "…"
			for first < from && at[min(to, last)]-at[first] > n-12 {
				first++
			}
		}
		for last > first && at[last]-at[first] > n-2 {
			last--
		}
		if last < len(runes) {
			tail = "…"
		}
	}
	text = strings.TrimRight(head+strings.Join(cells[first:last], "")+tail, " ")
	if from < 0 {
		return text, ""
	}
	to = max(min(to, last), from)
	carets = strings.Repeat(" ", width(head)+at[from]-at[first]) + strings.Repeat("^", max(1, at[to]-at[from]))
	return text, carets
}

// caretRange returns the half-open range of characters that the place names in its line; from is -1 when it
// names no column.
func caretRange(runes []rune, p Place) (from, to int) {
	if p.Column <= 0 {
		return -1, 0
	}
	from = min(p.Column-1, len(runes))
	to = len(runes)
	switch {
	case p.EndLine > p.Line:
	case p.EndColumn > p.Column:
		to = min(p.EndColumn-1, to)
	default:
		to = min(from+1, to)
	}
	return from, max(from, to)
}
