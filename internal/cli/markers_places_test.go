package cli

import (
	"encoding/base64"
	"strings"
)

// inBase64 is a text as it stands in the data of a Secret, without what depends on its length.
func inBase64(text string) string {
	return strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "=")
}

// morePlaces are files with the marker where strangers had it: encoded, in what others merge, in errors.
func morePlaces(marker string, hue func(string) string) map[string]string {
	const release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural, namespace: mural-system}\nspec:\n  chartRef: {kind: OCIRepository, name: mural}\n"
	const argo = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mural}\nspec:\n  source:\n    chart: mural\n    helm:\n"
	const object = "      valuesObject: {fleetConfig: {spokes: []}}\n"
	zot := hue("    endpoint: oci://zot:5000\n")
	login := inBase64("admin:" + marker)
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	from := func(entry, kind, data string) string {
		return release + "  valuesFrom: [" + entry + "]\n  values: {fleetConfig: {spokes: []}}\n---\napiVersion: v1\nkind: " + kind + "\nmetadata: {name: s, namespace: mural-system}\n" + data + "\n"
	}
	const whole, title = "{kind: Secret, name: s}", "{kind: Secret, name: s, valuesKey: pw, targetPath: canvas.title}"
	beside := func(lines ...string) string {
		return hue("    " + strings.Join(lines, "\n    ") + "\n    endpoint: oci://zot:5000\n")
	}
	return map[string]string{
		"a text for a mapping":    "hue: |\n  ociRegistry:\n    endpoint: oci://zot:5000\n    basicAuth:\n      username: a\n      password: " + marker + "\n  auth: {token: " + marker + "}\nfleetConfig: {spokes: []}\n",
		"a text for a list":       "hue: {ociRegistry: {endpoint: 'oci://zot:5000'}}\nfleetConfig:\n  spokes: |\n    - name: a\n      ociRegistry: {basicAuth: {username: a, password: " + marker + "}}\n",
		"a private key":           beside("pem: |", "  -----BEGIN PRIVATE KEY-----", "  "+marker+"AAAA", "  -----END PRIVATE KEY-----"),
		"a mapping of them":       beside("credentials: {a: " + marker + "}"),
		"YAML in a text":          beside("config: 'users: [{name: a, user: {token: " + marker + "}}]'"),
		"a script":                beside("script: |", "  export A=b", "  mysql -uroot -p"+marker+" db", "  curl --header 'PRIVATE-TOKEN: "+marker+"' x", "  password: "+marker),
		"arguments":               beside("args: [-p, "+marker+"]", "more:", "  - PASSWORD", "  - "+marker, "  - -p", "  - "+marker, "pairs: [login, bob, password, "+marker+"]", "redis: [redis-cli, -a, "+marker+"]"),
		"logins":                  beside("users: ['alice:"+marker+"', 'bob:"+marker+"']", "accounts: {bob: "+marker+"}", "hash: 'x:$apr1$"+marker+"'"),
		"in any list":             beside("extra: ['bob:"+marker+"', [-p"+marker+"]]", "call: [client, -uroot, -p"+marker+"]", "which: &login bob:"+marker, "also: [*login]"),
		"entries":                 beside("env:", "- {key: DB_PASSWORD, value: "+marker+"}", "- {k: password, v: "+marker+"}"),
		"other formats":           beside("ini: |", "  [auth]", "  password = "+marker, "  api.key = "+marker, "xml: '<password>"+marker+"</password>'", "sql: ALTER USER bob WITH PASSWORD '"+marker+"'", "url: 'https://x/?access_token="+marker+"&x=1'"),
		"prose in a text":         beside("note: the password is "+marker, "more: >-", "  use the password", "  "+marker+" to log in", "tab: \"password\\t"+marker+"\""),
		"commands":                beside("sh: 'echo "+marker+" | docker login -u bob --password-stdin; redis-cli -a "+marker+" ping'", "mysql: [mysql, -uroot, -p"+marker+"]", "aws: AKIAABCDEFGHIJKLMNOP "+marker+"AAAAAAAAAAAAAAAAAAAAAAAA"),
		"netrc":                   beside("netrc: machine zot login admin password " + marker),
		"webhooks":                beside("hooks: ['https://discord.com/api/webhooks/1/" + marker + "', 'https://acme.webhook.office.com/webhookb2/" + marker + "']"),
		"a list as comments":      beside("# passwords:", "# - "+marker, "# - other"),
		"login in base64":         hue("    endpoint: oci://zot:5000\n    auth: " + login + "\n"),
		"a Docker configuration":  zot + "pull: {dockerconfigjson: '{\"auths\":{\"zot\":{\"auth\":\"" + login + "\"}}}'}\n",
		"and that in base64":      zot + "regcred: " + encode(`{"auths":{"zot":{"username":"a","password":"`+marker+`"}}}`) + "\n",
		"a user name only":        hue("    endpoint: oci://" + marker + "@zot:5000\n"),
		"a password only":         hue("    endpoint: oci://:" + marker + "@zot:5000\n"),
		"two ats":                 hue("    endpoint: oci://a:" + marker + "@b@zot:5000\n"),
		"before a repository":     hue("    endpoint: oci://zot:5000\n    repository: 'u:" + marker + "@x/y'\n"),
		"a proxy":                 zot + "extraEnv: {HTTPS_PROXY: 'http://u:" + marker + "@proxy:3128'}\n",
		"a database":              zot + "db: {dsn: 'postgres://u:" + marker + "@h/db?sslmode=x'}\n",
		"a connection string":     zot + "storage: {connectionString: 'AccountKey=" + marker + ";EndpointSuffix=x', other: 'x;AccountKey=" + marker + "'}\n",
		"keys of AWS":             zot + "aws: {AWS_SECRET_ACCESS_KEY: " + marker + ", secretAccessKey: " + marker + "}\n",
		"headers":                 zot + "headers: {Authorization: 'Bearer " + marker + "'}\nmore: ['Authorization: Basic " + login + "']\n",
		"a kubeconfig":            "hue: {ociRegistry: {endpoint: 'oci://zot:5000'}}\nfleetConfig: {spokes: [{name: a, kubeconfig: 'users: [{user: {token: " + marker + "}}]', klusterlet: {}}]}\n",
		"a spoke":                 "hue: {ociRegistry: {endpoint: 'oci://zot:5000'}}\nfleetConfig: {spokes: [{name: a, kubeconfig: {token: " + marker + "}, klusterlet: {}, ociRegistry: {basicAuth: {username: x, password: " + marker + "}}}]}\n",
		"folded":                  hue("    endpoint: oci://zot:5000\n    basicAuth:\n      password: >-\n        " + marker + "\n        " + marker + "\n"),
		"quoted lines":            hue("    endpoint: oci://zot:5000\n    basicAuth:\n      password: \"" + marker + "\n        " + marker + "\"\n"),
		"a tab":                   hue("    endpoint: oci://zot:5000\n\tpassword: " + marker + "\n"),
		"a reason to ignore":      hue("    endpoint: oci://zot:5000\n    basicAuth: {password: " + marker + "} # palette-ecr:ignore L26 password " + marker + "\n"),
		"a variable's default":    release + "  values:\n    fleetConfig: {spokes: []}\n    hue: {ociRegistry: {basicAuth: {password: '${PW:=" + marker + "}'}, endpoint: 'oci://u:${PW:-" + marker + "}@zot'}}\n",
		"data of a Secret":        from(whole, "Secret", "data: {values.yaml: "+encode("hue: {ociRegistry: {basicAuth: {username: a, password: "+marker+"}, endpoint: 'oci://u:"+marker+"@zot'}}")+"}"),
		"an endpoint of a Secret": from("{kind: Secret, name: s, valuesKey: pw, targetPath: hue.ociRegistry.endpoint}", "Secret", "data: {pw: "+encode("oci://u:"+marker+"@zot")+"}"),
		"elsewhere of a Secret":   from(title, "Secret", "stringData: {pw: "+marker+"}"),
		"what can't be set":       from(title, "Secret", "stringData: {pw: '"+marker+",x[=}'}"),
		"what isn't base64":       from(whole, "Secret", "data: {values.yaml: '"+marker+"!!'}"),
		"what isn't YAML":         from("{kind: ConfigMap, name: s}", "ConfigMap", "data: {values.yaml: \"a: b: "+marker+"\"}"),
		"parameters":              argo + "      parameters:\n      - {name: hue.ociRegistry.endpoint, value: 'oci://u:" + marker + "@zot'}\n      - {name: canvas.token, value: " + marker + "}\n" + object,
		"a broken parameter":      argo + "      parameters:\n      - {name: 'token[', value: '" + marker + "'}\n" + object,
		"values as text":          argo + "      values: |\n        hue: {ociRegistry: {endpoint: 'oci://zot', basicAuth: {password: " + marker + "}}}\n        fleetConfig: {spokes: []}\n",
		"values as folded text":   argo + "      values: >\n        hue:\n          ociRegistry: {endpoint: 'oci://zot', basicAuth: {password: " + marker + "}}\n        fleetConfig:\n          spokes: []\n",
		"values in quotes":        argo + "      values: \"hue: {ociRegistry: {basicAuth: {password: " + marker + "}}}\\n\"\n",
		"values that are broken":  argo + "      values: |\n        a: b: " + marker + "\n",
		"Argo CD's source":        strings.Replace(argo, "    chart: mural\n", "    repoURL: https://u:"+marker+"@git/x\n    chart: mural\n", 1) + object,
		"Zot's configuration":     zot + "zot:\n  configFiles:\n    config.json: |-\n      {\"http\":{\"auth\":{\"bearer\":{\"secret\":\"" + marker + "\"}}}}\n",
		"keys that are nearly so": "hue:\n  ociRegisty:\n    basicAuth: {password: " + marker + "}\n    endpoint: 'oci://u:" + marker + "@zot'\n  ociRegistry: {basicauth: {username: a, password: " + marker + "}}\nfleetConfig: {spokes: []}\n",
	}
}
