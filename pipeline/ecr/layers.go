package ecr

import "context"

// MostLayers is how many blobs BatchCheckLayerAvailability answers for in one call:
// docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchCheckLayerAvailability.html.
const MostLayers = 100

// Layers says which of at most MostLayers blobs the repository has, with their sizes in bytes. It needs
// ecr:BatchCheckLayerAvailability, as a HEAD for each does.
func (c *Client) Layers(ctx context.Context, digests []string) (map[string]int64, error) {
	sizes, err := c.api.layers(ctx, digests)
	if err != nil {
		return nil, c.explain(err, "asking for layers of repository %q", c.Repository.Name)
	}
	return sizes, nil
}
