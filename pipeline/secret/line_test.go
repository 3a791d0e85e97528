package secret_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		// plain, quoted, in lists, with indentation and line ends
		`password: hunter2`:                    `password: ********`,
		`    password:   hunter2 and more`:     `    password:   ********`,
		`password: 'it''s hunter2'`:            `password: '********'`,
		`password: "hun\"ter2" `:               `password: "********" `,
		`"password": "hunter2",`:               `"password": "********",`,
		`"password":"hunter2"`:                 `"password":"********"`,
		`'password' : hunter2`:                 `'password' : ********`,
		`- password: hunter2`:                  `- password: ********`,
		`- - username: hunter2`:                `- - username: ********`,
		"password: hunter2\r\n":                "password: ********\r\n",
		"\tpassword:\thunter2":                 "\tpassword:\t********",
		`password: 12345`:                      `password: ********`,
		`password: hunter2#x`:                  `password: ********`,
		`password: "hunter2`:                   `password: "********`,
		`password: pass: hunter2`:              `password: ********`,
		`password: пароль😀`:                    `password: ********`,
		`password: &pw !!str hunter2`:          `password: &pw !!str ********`,
		`password: x # was hunter2`:            `password: ******** # ********`,
		`pw: x # palette-ecr:ignore L26 a lab`: `pw: ******** # palette-ecr:ignore L26 a lab`,
		// flow style: what stands for a secret shows nothing of its length
		`basicAuth: {username: admin, password: hunter2, realm: x}`: `basicAuth: {username: ********, password: ********, realm: x}`,
		`basicAuth: {username: admin, password: hunter2}`:           `basicAuth: {username: ********, password: ********}`,
		`{"username":"admin","password":"hunter2","realm":"x"}`:     `{"username":"********","password":"********","realm":"x"}`,
		`[{password: 'hunter2', a: b}, {token: hunter2}]`:           `[{password: '********', a: b}, {token: ********}]`,
		`tokens: [hunter2, 'hunter2']  # old: hunter2`:              `tokens: [********, ********]  # ********`,
		// other keys that hold credentials
		`sessionSecret: hunter2`:            `sessionSecret: ********`,
		`AWS_SECRET_ACCESS_KEY: hunter2`:    `AWS_SECRET_ACCESS_KEY: ********`,
		`hash: $2a$10$hunter2`:              `hash: ********`,
		`.dockerconfigjson: aHVudGVyMg==`:   `.dockerconfigjson: ********`,
		`client-secret: hunter2`:            `client-secret: ********`,
		`auth: aHVudGVyMg==`:                `auth: ********`,
		`# password: hunter2`:               `# password: ********`,
		`foo: bar # the password is: hunt2`: `foo: bar # ********`,
		// prose in comments, where nobody can say which word it is; and what YAML takes for a comment
		`a: b # Zot's password hunter2`:       `a: b # ********`,
		`# login admin/hunter2`:               `# ********`,
		`# hunter2 is the token`:              `# ********`,
		`# pw = hunter2`:                      `# ********`,
		`# the hub's registry`:                `# the hub's registry`,
		`password: #hunter2`:                  `password: #********`,
		`password: # hunter2`:                 `password: #********`,
		`adminPw: hunter2`:                    `adminPw: ********`,
		`registryCreds: hunter2`:              `registryCreds: ********`,
		`tlsKey: hunter2`:                     `tlsKey: ********`,
		`bypass: all`:                         `bypass: all`,
		`clientKeySecretName: tls`:            `clientKeySecretName: tls`,
		`a: robot:hunter2@zot.example/x`:      `a: ********@zot.example/x`,
		`a: oci://u:p/hunter2@zot.example`:    `a: oci://********@zot.example`,
		`a: 'u:hunter2@x/y'`:                  `a: '********@x/y'`,
		`a: name:tag@sha256:hunter2`:          `a: name:tag@sha256:hunter2`,
		`a: 'x;AccountKey=hunter2;y=z'`:       `a: 'x;AccountKey=********;y=z'`,
		`connectionString: x=hunter2`:         `connectionString: ********`,
		`image: zot:5000/mural:1.0@sha256:12`: `image: zot:5000/mural:1.0@sha256:12`,
		`a: "https://x?token=hunter2&y=z"`:    `a: "https://x?token=********&y=z"`,
		// addresses and command lines
		`endpoint: oci://admin:hunter2@zot:5000/x # a`: `endpoint: oci://********@zot:5000/x # a`,
		`args: --password=hunter2 --x`:                 `args: --password=******** --x`,
		`config: '{"password":"hunter2"}'`:             `config: '{"password":"********"}'`,
		// what holds no credential
		`password: null`:                      `password: null`,
		`password: ""`:                        `password: ""`,
		`password:`:                           `password:`,
		`password: # comes from elsewhere`:    `password: # comes from elsewhere`,
		`password: *alias`:                    `password: *alias`,
		`password: |-`:                        `password: |-`,
		`automountServiceAccountToken: true`:  `automountServiceAccountToken: true`,
		`basicAuthSecretName: zot-auth`:       `basicAuthSecretName: zot-auth`,
		`secretRef: {name: zot-auth}`:         `secretRef: {name: zot-auth}`,
		`existingSecret: zot-auth`:            `existingSecret: zot-auth`,
		`tokenExpirationSeconds: 3600`:        `tokenExpirationSeconds: 3600`,
		`userMode: passthrough`:               `userMode: passthrough`,
		`basicAuth: {`:                        `basicAuth: {`,
		`repository: 'mural-workloads' # a:b`: `repository: 'mural-workloads' # a:b`,
		`endpoint: oci://zot:5000/a@sha256:1`: `endpoint: oci://zot:5000/a@sha256:1`,
		``:                                    ``,
	} {
		t.Run(in, func(t *testing.T) { assert.Equal(t, want, secret.Line(in)) })
	}
}

func FuzzLine(f *testing.F) {
	for _, seed := range []string{"password: x", `{"password":"a", b: [c`, "- 'x", "token: [a, {b: c}]", "a: &b !c", "#", "password: '"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\r\n") {
			return
		}
		secret.Line(line) // ends, without panic
		quoted := `{a: b, password: "` + strings.Map(func(r rune) rune {
			if r == '"' || r == '\\' {
				return -1
			}
			return r
		}, line) + `ZZQX9", c: d}`
		assert.NotContains(t, secret.Line(quoted), "ZZQX9")
	})
}
