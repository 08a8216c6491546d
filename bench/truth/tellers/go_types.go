// Tells what every identifier of a Go module means, by go/types: `go run go_types.go ROOT`.
//
// One JSON object a line: {"path","at","name","kind","goal","goal_at"}; `kind` is call, import, inherit or read. `goal`
// is "" for what stands outside of the module, or is a local or a field. What the checker does not know is not told. A
// definition is told as one of kind "define".
package main

import (
	"encoding/json"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

type told struct {
	Path   string `json:"path"`
	At     int    `json:"at"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Goal   string `json:"goal"`
	GoalAt int    `json:"goal_at"`
}

type checker struct {
	root, module string
	fset         *token.FileSet
	done         map[string]*types.Package
	files        map[string][]string
	std          types.Importer
	out          *json.Encoder
}

func main() {
	root, _ := filepath.Abs(os.Args[1])
	c := &checker{root: root, fset: token.NewFileSet(), done: map[string]*types.Package{}, files: map[string][]string{}}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		panic(err)
	}
	c.module = regexp.MustCompile(`(?m)^module\s+"?([^"\s]+)`).FindStringSubmatch(string(mod))[1]
	c.std = importer.ForCompiler(c.fset, "source", nil)
	c.out = json.NewEncoder(os.Stdout)
	folders := []string{}
	filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.IsDir() {
			name := info.Name()
			if path != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "vendor" || name == "testdata") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
				return filepath.SkipDir
			}
			folders = append(folders, path)
		}
		return nil
	})
	sort.Strings(folders)
	for _, folder := range folders {
		found, err := build.ImportDir(folder, 0)
		if err != nil && found == nil {
			continue
		}
		c.tell(folder, append(append([]string{}, found.GoFiles...), found.TestGoFiles...))
		c.tell(folder, found.XTestGoFiles)
	}
}

// Import resolves the module's own packages from their source, the standard library by its importer.
func (c *checker) Import(path string) (*types.Package, error) {
	if path != c.module && !strings.HasPrefix(path, c.module+"/") {
		return c.std.Import(path)
	}
	if known, ok := c.done[path]; ok {
		return known, nil
	}
	folder := filepath.Join(c.root, strings.TrimPrefix(path, c.module))
	found, err := build.ImportDir(folder, 0)
	if err != nil {
		return nil, err
	}
	files := c.parse(folder, found.GoFiles)
	config := types.Config{Importer: c, Error: func(error) {}}
	known, _ := config.Check(path, c.fset, files, nil)
	c.done[path] = known
	for _, name := range found.GoFiles {
		c.files[path] = append(c.files[path], c.relative(filepath.Join(folder, name)))
	}
	return known, nil
}

func (c *checker) parse(folder string, names []string) (files []*ast.File) {
	for _, name := range names {
		file, _ := parser.ParseFile(c.fset, filepath.Join(folder, name), nil, 0)
		if file != nil {
			files = append(files, file)
		}
	}
	return
}

func (c *checker) relative(path string) string {
	found, _ := filepath.Rel(c.root, path)
	return filepath.ToSlash(found)
}

func (c *checker) tell(folder string, names []string) {
	files := c.parse(folder, names)
	if len(files) == 0 {
		return
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: c, Error: func(error) {}}
	config.Check(c.module+strings.TrimPrefix(folder, c.root), c.fset, files, info)
	calls, embedded := map[*ast.Ident]bool{}, map[*ast.Ident]bool{}
	for _, file := range files {
		for _, spec := range file.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			c.Import(path)
			place := c.fset.Position(spec.Pos())
			for _, goal := range c.files[path] {
				c.out.Encode(told{c.relative(place.Filename), place.Offset, path, "import", goal, -1})
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			switch at := node.(type) {
			case *ast.CallExpr:
				if name := named(at.Fun); name != nil {
					calls[name] = true
				}
			case *ast.StructType:
				for _, field := range at.Fields.List {
					if name := named(field.Type); name != nil && len(field.Names) == 0 {
						embedded[name] = true
					}
				}
			case *ast.InterfaceType:
				for _, field := range at.Methods.List {
					if name := named(field.Type); name != nil && len(field.Names) == 0 {
						embedded[name] = true
					}
				}
			}
			return true
		})
	}
	for name, object := range info.Uses {
		kind := "read"
		_, isType := object.(*types.TypeName)
		_, isFunc := object.(*types.Func)
		if embedded[name] {
			kind = "inherit"
		} else if calls[name] && isFunc && !isType {
			kind = "call"
		}
		c.use(name, kind, object)
	}
	for name, object := range info.Defs {
		if object != nil && name.Name != "_" && c.isGlobal(object) {
			place := c.fset.Position(name.Pos())
			c.out.Encode(told{c.relative(place.Filename), place.Offset, name.Name, "define", "", -1})
		}
	}
}

func (c *checker) use(name *ast.Ident, kind string, object types.Object) {
	if _, isPackage := object.(*types.PkgName); isPackage {
		return
	}
	place := c.fset.Position(name.Pos())
	one := told{c.relative(place.Filename), place.Offset, name.Name, kind, "", -1}
	if c.isGlobal(object) {
		goal := c.fset.Position(object.Pos())
		if path := c.relative(goal.Filename); goal.IsValid() && !strings.HasPrefix(path, "..") {
			one.Goal, one.GoalAt = path, goal.Offset
		}
	}
	c.out.Encode(one)
}

func (c *checker) isGlobal(object types.Object) bool {
	switch at := object.(type) {
	case *types.Func:
		return true
	case *types.TypeName, *types.Const:
		return at.Parent() != nil && at.Pkg() != nil && at.Parent() == at.Pkg().Scope()
	case *types.Var:
		return !at.IsField() && at.Pkg() != nil && at.Parent() == at.Pkg().Scope()
	}
	return false
}

// named returns the identifier that a call or an embedded type is of.
func named(at ast.Expr) *ast.Ident {
	switch at := at.(type) {
	case *ast.Ident:
		return at
	case *ast.SelectorExpr:
		return at.Sel
	case *ast.ParenExpr:
		return named(at.X)
	case *ast.StarExpr:
		return named(at.X)
	case *ast.IndexExpr:
		return named(at.X)
	case *ast.IndexListExpr:
		return named(at.X)
	}
	return nil
}
