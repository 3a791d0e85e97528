package write

import (
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/tailscale/hujson"
	"github.com/zclconf/go-cty/cty"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Terraform returns the same as resources of Terraform's AWS provider. The documents are jsonencode expressions,
// which escape what must be and leave `${aws:…}` to IAM.
func (gs Grants) Terraform() []byte {
	file := hclwrite.NewEmptyFile()
	for i, g := range gs {
		if i > 0 {
			file.Body().AppendNewline()
		}
		g.terraform(file.Body())
	}
	return hclwrite.Format(file.Bytes())
}

var notIdentifier = regexp.MustCompile(`[^a-z0-9_]+`)

// label of the grant's resources.
func (g Grant) label() string {
	label := notIdentifier.ReplaceAllString(strings.ToLower(g.Role.Name), "_")
	if label[0] >= '0' && label[0] <= '9' {
		label = "role_" + label
	}
	return label
}

func (g Grant) terraform(body *hclwrite.Body) {
	label, text := g.label(), func(s string) hclwrite.Tokens { return hclwrite.TokensForValue(cty.StringVal(s)) }
	if g.Principal == iam.Operator {
		comment(body, "operator: attach this policy to the identity that runs palette-ecr")
		resource(body, "aws_iam_policy", label, attribute{"name", text(g.Role.Name)}, attribute{"policy", encoded(g.Policy)})
		return
	}
	comment(body, string(g.Principal)+": role "+g.Role.ARN())
	role := text(g.Role.Name) // a role that is there already
	if g.Trust != nil {
		attributes := []attribute{{"name", text(g.Role.Name)}}
		if g.Role.Path != "/" {
			attributes = append(attributes, attribute{"path", text(g.Role.Path)})
		}
		resource(body, "aws_iam_role", label, append(attributes, attribute{"assume_role_policy", encoded(*g.Trust)})...)
		body.AppendNewline()
		role = reference("aws_iam_role." + label + ".name")
	}
	resource(body, "aws_iam_role_policy", label,
		attribute{"name", text("palette-ecr")}, attribute{"role", role}, attribute{"policy", encoded(g.Policy)})
	if g.Mode == target.InstanceProfile {
		body.AppendNewline()
		resource(body, "aws_iam_instance_profile", label, attribute{"name", text(g.Role.Name)}, attribute{"role", role})
	}
	for _, a := range g.associations() {
		body.AppendNewline()
		resource(body, "aws_eks_pod_identity_association",
			notIdentifier.ReplaceAllString(strings.ToLower("on_"+a.cluster+"_"+a.account.Name), "_"),
			attribute{"cluster_name", text(a.cluster)}, attribute{"namespace", text(a.account.Namespace)},
			attribute{"service_account", text(a.account.Name)}, attribute{"role_arn", reference("aws_iam_role." + label + ".arn")})
	}
	if g.Repository != nil {
		body.AppendNewline()
		comment(body, "in the registry's account; this replaces the policy that the repository has")
		if g.repository.Registry.Kind == registry.Public {
			resource(body, "aws_ecrpublic_repository_policy", label, attribute{"repository_name", text(g.repository.Name)}, attribute{"policy", encoded(*g.Repository)})
			return
		}
		resource(body, "aws_ecr_repository_policy", label, attribute{"repository", text(g.repository.Name)}, attribute{"policy", encoded(*g.Repository)})
	}
}

type attribute struct {
	name  string
	value hclwrite.Tokens
}

func resource(body *hclwrite.Body, kind, label string, attributes ...attribute) {
	block := body.AppendNewBlock("resource", []string{kind, label})
	for _, a := range attributes {
		block.Body().SetAttributeRaw(a.name, a.value)
	}
}

func comment(body *hclwrite.Body, text string) {
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + text + "\n")}})
}

func reference(path string) hclwrite.Tokens {
	return hclwrite.Tokens{{Type: hclsyntax.TokenIdent, Bytes: []byte(path)}}
}

func encoded(d document.Document) hclwrite.Tokens {
	value, err := hujson.Parse(d.Compact())
	if err != nil { // the document's own JSON always parses
		return reference("null")
	}
	return hclwrite.TokensForFunctionCall("jsonencode", expression(value))
}

// expression writes a JSON value as HCL, a line for each of its parts, in their order.
func expression(value hujson.Value) hclwrite.Tokens {
	switch v := value.Value.(type) {
	case *hujson.Object:
		var attributes []hclwrite.ObjectAttrTokens
		for _, m := range v.Members {
			key := m.Name.Value.(hujson.Literal).String()
			name := hclwrite.TokensForValue(cty.StringVal(key))
			if hclsyntax.ValidIdentifier(key) {
				name = hclwrite.TokensForIdentifier(key)
			}
			attributes = append(attributes, hclwrite.ObjectAttrTokens{Name: name, Value: expression(m.Value)})
		}
		return hclwrite.TokensForObject(attributes)
	case *hujson.Array:
		var items []hclwrite.Tokens
		for _, item := range v.Elements {
			items = append(items, expression(item))
		}
		return list(items)
	case hujson.Literal:
		return hclwrite.TokensForValue(cty.StringVal(v.String()))
	}
	return reference("null")
}

func list(items []hclwrite.Tokens) hclwrite.Tokens {
	newline := &hclwrite.Token{Type: hclsyntax.TokenNewline, Bytes: []byte("\n")}
	tokens := hclwrite.Tokens{{Type: hclsyntax.TokenOBrack, Bytes: []byte("[")}, newline}
	for _, item := range items {
		tokens = append(tokens, item...)
		tokens = append(tokens, &hclwrite.Token{Type: hclsyntax.TokenComma, Bytes: []byte(",")}, newline)
	}
	return append(tokens, &hclwrite.Token{Type: hclsyntax.TokenCBrack, Bytes: []byte("]")})
}
