package tools

import (
	"encoding/json"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// maxKept bounds the answers that a tool keeps.
	maxKept = 64
	// maxKeptArguments bounds the arguments, in bytes, whose reading is kept.
	maxKeptArguments = 512
)

// kept holds answers whose making costs more than finding out that they still hold.
type kept[A any] struct {
	// arguments are those read before, by their JSON.
	arguments *lru.Cache[string, A]
	// answers are kept by all that they are made of.
	answers *lru.Cache[any, keptAnswer]
}

type keptAnswer struct {
	data         json.RawMessage
	organization string
	rows         int
}

func newKept[A any]() *kept[A] {
	arguments, err := lru.New[string, A](maxKept)
	if err != nil {
		panic(err) // only for a size below one
	}
	answers, err := lru.New[any, keptAnswer](maxKept)
	if err != nil {
		panic(err)
	}
	return &kept[A]{arguments, answers}
}

// decode reads arguments unless that was done before.
func (k *kept[A]) decode(arguments any, read func(into any) error) (A, error) {
	raw, ok := arguments.(json.RawMessage)
	if k == nil || !ok || len(raw) > maxKeptArguments {
		var into A
		return into, read(&into)
	}
	into, known := k.arguments.Get(string(raw))
	if known {
		return into, nil
	}
	err := read(&into)
	if err == nil {
		k.arguments.Add(string(raw), into)
	}
	return into, err
}
