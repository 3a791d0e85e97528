package registry

// PartitionOf is the partition's id of a region, "" when there is none.
func PartitionOf(region string) string {
	p, _ := partitionOf(region)
	return p.id
}
