# A static binary and the roots that it trusts, no shell, no root user.
#
#   docker build --build-arg VERSION=1.0.0 -t make-audit-mcp .
#   docker run --rm -i make-audit-mcp --demo stdio
#   docker run --rm -p 127.0.0.1:8080:8080 -e MCP_AUTH_TOKEN=… make-audit-mcp --demo http
FROM golang:1.26.4@sha256:792443b89f65105abba56b9bd5e97f680a80074ac62fc844a584212f8c8102c3 AS build
ARG VERSION=
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /make-audit-mcp .

FROM scratch
LABEL org.opencontainers.image.title="make-audit-mcp" \
      org.opencontainers.image.description="Lets an AI agent ask about a Make.com organization's audit log" \
      org.opencontainers.image.source="https://example.invalid/make-audit-mcp" \
      io.modelcontextprotocol.server.name="invalid.example/make-audit-mcp"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /make-audit-mcp /make-audit-mcp
USER 65532:65532
# In a container every address is reached from outside: http wants a token or an issuer.
ENV MCP_ADDRESS=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["/make-audit-mcp", "http", "--health"]
ENTRYPOINT ["/make-audit-mcp"]
CMD ["http"]
