package module

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// object is a type of the module, as `dagger functions` shows it.
type object struct {
	name      string
	doc       string
	fields    map[string]string // exported and not private: name and type
	functions map[string]function
	values    []string // of an enum, by the names that people write
}

// function is one function of an object; the constructor is the one called New of the object PaletteEcr.
type function struct {
	name    string
	doc     string
	pragmas map[string]string
	args    []argument
	returns string
	place   string
	calls   map[string]bool
}

type argument struct {
	name, kind, doc string
	pragmas         map[string]string
}

func (a argument) required() bool {
	_, optional := a.pragmas["optional"]
	_, path := a.pragmas["defaultPath"]
	_, value := a.pragmas["default"]
	return !optional && !path && !value
}

// readModule reads .dagger.
func readModule(t *testing.T) map[string]object {
	t.Helper()
	return readSource(t, ".dagger", "PaletteEcr")
}

// readSource reads a module's folder as the engine's code generator does: exported types, methods, comments.
func readSource(t *testing.T, folder, main string) map[string]object {
	t.Helper()
	files := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	require.NoError(t, err)
	objects := map[string]object{}
	functions := map[*ast.FuncDecl]*ast.File{}
	var constants []*ast.GenDecl
	for _, path := range paths {
		if filepath.Base(path) == "dagger.gen.go" || strings.HasSuffix(path, "_test.go") {
			continue
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		file, err := parser.ParseFile(files, path, data, parser.ParseComments)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() {
					functions[d] = file
				}
			case *ast.GenDecl:
				readTypes(d, objects)
				constants = append(constants, d)
			}
		}
	}
	for _, d := range constants {
		readValues(t, d, objects)
	}
	for d, file := range functions {
		receiver := main
		if d.Recv != nil {
			receiver = strings.TrimPrefix(typeOf(d.Recv.List[0].Type), "*")
		}
		require.Contains(t, objects, receiver)
		objects[receiver].functions[d.Name.Name] = readFunction(files, file, d)
	}
	return objects
}

// readValues adds the constants of an enum, whose names Dagger shows without the type's and in capitals.
func readValues(t *testing.T, d *ast.GenDecl, objects map[string]object) {
	t.Helper()
	for _, spec := range d.Specs {
		value, ok := spec.(*ast.ValueSpec)
		if !ok || d.Tok != token.CONST || value.Type == nil {
			continue
		}
		name := typeOf(value.Type)
		o, ok := objects[name]
		require.True(t, ok, "constant %s of %s", value.Names[0].Name, name)
		require.True(t, strings.HasPrefix(value.Names[0].Name, name), "constant %s of %s", value.Names[0].Name, name)
		require.NotEmpty(t, text(value.Doc), "constant %s has no comment", value.Names[0].Name)
		short := strings.TrimPrefix(value.Names[0].Name, name)
		o.values = append(o.values, strings.ToUpper(strings.ReplaceAll(kebab(short), "-", "_")))
		objects[name] = o
	}
}

func readTypes(d *ast.GenDecl, objects map[string]object) {
	for _, spec := range d.Specs {
		s, ok := spec.(*ast.TypeSpec)
		if !ok || !s.Name.IsExported() {
			continue
		}
		o := object{name: s.Name.Name, doc: text(d.Doc), fields: map[string]string{}, functions: map[string]function{}}
		structure, ok := s.Type.(*ast.StructType)
		if !ok {
			objects[o.name] = o // an enum, whose values readValues adds
			continue
		}
		for _, field := range structure.Fields.List {
			if _, private := pragmas(field.Doc)["private"]; !private {
				for _, name := range field.Names {
					o.fields[name.Name] = typeOf(field.Type)
				}
			}
		}
		objects[o.name] = o
	}
}

func readFunction(files *token.FileSet, file *ast.File, d *ast.FuncDecl) function {
	above := map[int]*ast.CommentGroup{} // by the line after: the parser gives arguments no comment
	for _, c := range file.Comments {
		above[files.Position(c.End()).Line+1] = c
	}
	f := function{name: d.Name.Name, doc: text(d.Doc), pragmas: pragmas(d.Doc), place: files.Position(d.Pos()).String(), calls: map[string]bool{}}
	for _, field := range d.Type.Params.List {
		for _, name := range field.Names {
			if kind := typeOf(field.Type); kind != "context.Context" {
				doc := above[files.Position(field.Pos()).Line]
				f.args = append(f.args, argument{name.Name, kind, text(doc), pragmas(doc)})
			}
		}
	}
	if d.Type.Results != nil {
		f.returns = typeOf(d.Type.Results.List[0].Type)
	}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			f.calls[selector.Sel.Name] = true
		}
		return true
	})
	return f
}

func typeOf(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return "*" + typeOf(x.X)
	case *ast.ArrayType:
		return "[]" + typeOf(x.Elt)
	case *ast.SelectorExpr:
		return typeOf(x.X) + "." + x.Sel.Name
	}
	return "?"
}

func text(c *ast.CommentGroup) string { return strings.TrimSpace(c.Text()) }

// pragma is how the code generator of Dagger finds one: anything that starts like it is taken out of the help.
var pragma = regexp.MustCompile(`(?m)^\+(\w+)(?:=(.*))?$`)

func pragmas(c *ast.CommentGroup) map[string]string {
	found := map[string]string{}
	for _, m := range pragma.FindAllStringSubmatch(c.Text(), -1) {
		found[m[1]] = m[2]
	}
	return found
}

// kebab is how Dagger spells a name on the command line.
func kebab(name string) string {
	var out strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			out.WriteByte('-')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
