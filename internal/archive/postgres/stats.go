package postgres

// Stats are numbers of this process: it asks the server nothing for them.
type Stats struct {
	// Connections that are in use, and idle, and how many there are at most.
	InUse, Idle, Most int
	// Waited counts how often somebody had to wait for a connection, or for one to be made; Failed those that could not be made.
	Waited, Failed int64
	// Term is that of the lease to fill the archive that is held; 0 for none.
	Term int64
	// Takeovers counts the leases to fill it that were taken from a process that had let them run out.
	Takeovers int64
}

// Stats returns them as they are now.
func (s *Store) Stats() Stats {
	of := s.pool.Stat()
	stats := Stats{
		InUse: int(of.AcquiredResources()), Idle: int(of.IdleResources()), Most: int(of.MaxResources()),
		Waited: of.EmptyAcquireCount(), Failed: s.pool.failed.Load(), Takeovers: s.takeovers.Load(),
	}
	if held := s.held.Load(); held != nil {
		stats.Term = held.term
	}
	return stats
}
