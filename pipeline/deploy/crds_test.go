package deploy

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

func TestCRDsThatHelmNeverUpgradesAreApplied(t *testing.T) {
	w := newWorld(t, printing())
	applied := 0
	w.cluster.Client = fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Apply: func(_ context.Context, _ client.WithWatch, _ runtime.ApplyConfiguration, _ ...client.ApplyOption) error {
			applied++
			return nil
		},
	}).Build()
	chart := func(version string) *helmchart.Chart {
		c := crds(version)
		c.Files = []*helmchart.File{{Name: "crds/a.yaml", Data: []byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.example.com}\n")}}
		return c
	}
	done, err := w.helm.applyCRDs(t.Context(), w.cluster, chart("0.7.4"))
	require.NoError(t, err)
	assert.False(t, done.changed)
	assert.Zero(t, applied, "the release is at this version already")
	done, err = w.helm.applyCRDs(t.Context(), w.cluster, chart("0.7.5"))
	require.NoError(t, err)
	assert.True(t, done.changed)
	assert.Equal(t, 1, applied)
}
