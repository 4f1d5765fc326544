package analysis

import "make-audit-mcp/internal/question"

// Service answers the questions of one credential: it understands them as its Resolver does, and reads what they ask for.
type Service struct {
	question.Resolver
}
