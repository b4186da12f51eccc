package tiles

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"candour/internal/evidence/opening"
)

// StatePath is where Tessera's POSIX driver keeps how far the tree has been
// built, which may be further than the signed checkpoint. It is not signed.
const StatePath = ".state/treeState"

// State is the unsigned state of a tree.
type State struct {
	Size uint64
	Root opening.Hash
}

// ReadState reads the state of a log in a folder; fs.ErrNotExist if there is
// no log yet.
func ReadState(ctx context.Context, f Folder) (State, error) {
	raw, err := f.Read(ctx, StatePath)
	if err != nil {
		return State{}, err
	}
	var wire struct {
		Size uint64 `json:"size"`
		Root []byte `json:"root"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return State{}, fmt.Errorf("%s: %w", StatePath, ErrForm)
	}
	again, err := json.Marshal(wire)
	if err != nil || !bytes.Equal(raw, again) || len(wire.Root) != opening.HashSize {
		return State{}, fmt.Errorf("%s: %w", StatePath, ErrForm)
	}
	return State{wire.Size, opening.Hash(wire.Root)}, nil
}
