module make-audit-mcp/release

go 1.26.0
