package registry

// PartitionOf is partitionOf for tests: the ID of the partition that a region is in, or "".
func PartitionOf(region string) string {
	p, _ := partitionOf(region)
	return p.id
}
