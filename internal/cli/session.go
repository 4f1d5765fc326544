package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/mark3labs/mcp-go/client"
	clienttransport "github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"

	"make-audit-mcp/internal/transport"
)

// session is an MCP client connected to our own server over pipes, the very path that a client of the stdio command takes.
type session struct {
	client   *client.Client
	progress *progressLine
	close    func()
}

func (r *runtime) openSession() (*session, error) {
	service, operator, err := r.operatorService(false)
	if err != nil {
		return nil, err
	}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	ctx, stop := context.WithCancel(r.ctx)
	stdio := &transport.Stdio{Server: r.mcpServer(service), In: toServer, Out: fromServer, Logger: r.logger}
	var server sync.WaitGroup
	server.Go(func() {
		// The client notices a server that ended too early by the closed pipe.
		_ = fromServer.CloseWithError(stdio.Run(ctx))
		operator.close()
	})
	s := &session{
		client:   client.NewClient(clienttransport.NewIO(toClient, fromClient, io.NopCloser(strings.NewReader("")))),
		progress: newProgressLine(r.streams.Err, slowRead),
	}
	s.close = func() {
		s.progress.end()
		_ = s.client.Close()
		stop()
		server.Wait()
	}
	s.showProgress()
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion = mcp.LATEST_PROTOCOL_VERSION
	hello.Params.ClientInfo = mcp.Implementation{Name: "make-audit-mcp call", Version: r.version}
	err = s.client.Start(r.ctx)
	if err == nil {
		_, err = s.client.Initialize(r.ctx, hello)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("starting the session: %w", err)
	}
	return s, nil
}

// progressMeta asks for progress.
func progressMeta() *mcp.Meta { return &mcp.Meta{ProgressToken: "call"} }

// showProgress shows how a call goes that takes long.
func (s *session) showProgress() {
	s.client.OnNotification(func(notification mcp.JSONRPCNotification) {
		message, ok := notification.Params.AdditionalFields["message"].(string)
		if notification.Method == "notifications/progress" && ok {
			s.progress.show(message, false)
		}
	})
}

// ended puts the end of a request into words.
func (s *session) ended(ctx context.Context, err error) error {
	s.progress.end()
	if ctx.Err() != nil {
		return &exitError{code: exitFailed, message: "interrupted"}
	}
	if errors.Is(err, mcp.ErrInvalidParams) { // of a prompt; tools answer with theirs
		return &exitError{code: exitUsage, message: strings.TrimPrefix(err.Error(), mcp.ErrInvalidParams.Error()+": ")}
	}
	return err
}
