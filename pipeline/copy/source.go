package copy

import (
	"context"
	"net"
	"net/http"
	"time"

	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Access is how to reach a registry that isn't ECR.
type Access struct {
	Dial       string       // host:port to connect to instead of the repository's own, such as a port-forward; "" is none
	PlainHTTP  bool         // Zot in the cluster speaks plain HTTP (insecure: true)
	Username   string       // "" is anonymous
	Password   string       //
	HTTPClient *http.Client // nil is a client of its own, without a proxy
}

// OpenSource makes the source of an address. Nothing is asked yet.
func OpenSource(address registry.Repository, a Access) (Source, error) {
	repo, err := open(address, a)
	return Source{Repository: repo, URL: address.URL()}, err
}

// OpenDestination makes a destination of a registry that isn't ECR: of the source, for a rollback. Nothing is
// asked yet.
func OpenDestination(address registry.Repository, a Access) (Destination, error) {
	repo, err := open(address, a)
	return Destination{Repository: repo, Address: address}, err
}

// open reaches a registry. Requests name its own host even through a port-forward, so that its certificate and its
// virtual hosts hold.
func open(address registry.Repository, a Access) (*remote.Repository, error) {
	repo, err := remote.NewRepository(address.Reference())
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: ownTransport(a.Dial)}
	if a.HTTPClient != nil && a.Dial == "" {
		client = *a.HTTPClient
	}
	client.Transport = ecr.Retrying(client.Transport)
	repo.PlainHTTP = a.PlainHTTP
	repo.Client = &auth.Client{
		Client:     &client,
		Header:     http.Header{"User-Agent": {"palette-ecr"}},
		Cache:      auth.NewCache(),
		Credential: credential(address.Registry.Host, a),
	}
	return repo, nil
}

func credential(host string, a Access) auth.CredentialFunc {
	if a.Username == "" && a.Password == "" {
		return nil
	}
	return auth.StaticCredential(host, auth.Credential{Username: a.Username, Password: a.Password})
}

// buffer is how much goes to or comes from a connection at once: Go's 4 KiB are many system calls for an artifact.
const buffer = 32 << 10

// ownTransport connects to dial whatever host a request names. A proxy would not reach into the cluster.
func ownTransport(dial string) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.MaxIdleConnsPerHost = 32
	t.ReadBufferSize, t.WriteBufferSize = buffer, buffer
	t.ResponseHeaderTimeout = 2 * time.Minute
	if dial != "" {
		dialer := &net.Dialer{Timeout: 10 * time.Second}
		t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, dial)
		}
	}
	return t
}
